#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# The harness's cache: what another run is building stays, what a killed one left goes.
set -eu -o pipefail

TOP=$PWD
XDG_CACHE_HOME=$(mktemp -d)
trap 'rm -rf -- "$XDG_CACHE_HOME"' EXIT
# shellcheck source=/dev/null
. "$TOP/tests/vm/harness/common.sh"

fail()
{
	echo "$*" >&2
	exit 1
}

mkdir -p "$CACHE/lock" "$CACHE/used" "$CACHE/base"
# Unpacked trees bring their own times along: the age is no sign of anything.
for key in busy dead; do
	mkdir -p "$CACHE/base/$key.tmp.1/proc"
	touch -d '2 years ago' "$CACHE/base/$key.tmp.1"
done
exec 8>"$CACHE/lock/base-busy"
flock 8
cache_prune base 6
[ -d "$CACHE/base/busy.tmp.1/proc" ] || fail "removed what another run is building"
[ ! -e "$CACHE/base/dead.tmp.1" ] || fail "kept what a killed run left"
