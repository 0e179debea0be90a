# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: fio crc32c verify on four queues, four were granted and all are used
# timeout: 200
# cpus: 4
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/fio.sh"

[ "$(nproc)" = 4 ] || fail "$(nproc) CPUs instead of the 4 that this test is about"
trace_on ublk_dispatch
fio_on_queues 4 randwrite
trace_off
for q in 0 1 2 3; do
	grep -q "ublk_dispatch: .* q=$q " "$TRACING/trace" || fail "nothing went over queue $q"
done
