# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: flushes and FUA reach the server if the device has a cache, and only then
# timeout: 150
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
requires strace

CACHE=4 FUA=8

# The raw server calls fdatasync for a FLUSH and for a write with FUA: strace counts them, and
# the trace says which were FLUSHes.
begin()
{
	serve srv --id 0 --size 8M --depth 8 --file "$PWD/f" --attrs "$1"
	run_bg strace strace -f -q -e trace=fdatasync -o sync.log -p "$BG_srv"
	wait_for 30 is_traced
	trace_on ublk_dispatch
}

is_traced() { ! grep -q '^TracerPid:[[:space:]]*0$' /proc/"$BG_srv"/task/*/status; }

finish()
{
	trace_off
	trace_save trace
	stop_ends 0
	wait_bg srv
	wait_bg strace
}

ops() { grep -c "ublk_dispatch: .* op=$1 " trace || true; }
syncs() { grep -c '^[0-9]* *fdatasync(' sync.log || true; }

# expect WRITES MIN MAX FUA: so many writes, from MIN to MAX flushes (for a write that is to be
# durable some kernels flush once more than needed), so many of the writes with FUA
expect()
{
	local flushes fua
	flushes=$(ops 2)
	fua=$(($(syncs) - flushes))
	[ "$(ops 1)" = "$1" ] && [ "$flushes" -ge "$2" ] && [ "$flushes" -le "$3" ] &&
		[ "$fua" = "$4" ] || fail "$(ops 1) writes, $flushes flushes, $fua with FUA"
}

# four writes that have to be durable one by one, then one fsync of the device
load()
{
	dd if=/dev/zero of=/dev/ublkb0 bs=4k count=4 oflag=direct,dsync status=none
	sync /dev/ublkb0
}

note "write-through: nothing to flush"
begin 0
load
finish
expect 4 0 0 0

note "a cache: FLUSHes do it"
begin $CACHE
load
finish
expect 4 5 99 0

note "a cache and FUA: the writes say so themselves"
begin $((CACHE | FUA))
load
finish
expect 4 1 5 4
