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
	udevadm settle --timeout=30
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

# expect WRITES FLUSHES SYNCS
expect()
{
	local got
	got="$(ops 1) writes, $(ops 2) flushes, $(syncs) syncs"
	[ "$got" = "$1 writes, $2 flushes, $3 syncs" ] ||
		fail "$got, not $1 writes, $2 flushes, $3 syncs"
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
expect 4 0 0

note "a cache: each durable write is followed by a FLUSH, and fsync is one"
begin $CACHE
load
finish
expect 4 5 5

note "a cache and FUA: the writes say so themselves"
begin $((CACHE | FUA))
load
finish
expect 4 1 5
