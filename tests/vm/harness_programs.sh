# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: the guest has the plain build of all programs, not the unit tests' with sanitizers
. "$UBLK_TESTS/vm/lib.sh"

n=0
for f in "$UBLK_TESTS"/../progs/* /usr/local/bin/*ublk* /usr/local/lib/libublk.so*; do
	[ -f "$f" ] || continue
	n=$((n + 1))
	! grep -qa '__asan_\|__ubsan_' "$f" || fail "$f has a sanitizer in it"
done
[ "$n" -ge 6 ] || fail "$n programs: these are not all"
