# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a bad buffer address fails the request once, and the device still serves (C11, C12)
# timeout: 100
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

# an I/O error, and not because somebody gave up waiting
io_error()
{
	local status=0
	bounded 60 "$@" 2>err || status=$?
	[ "$status" = 1 ] && grep -q 'Input/output error' err || fail "status $status: $(cat err)"
}
attempts() { grep -cE "$1" trace || true; }

# one slot: the same buffer address serves everything. First page, non-canonical, kernel's half
for addr in 0x1000 0x800000000000 0xffff888000000000; do
	for mode in copy get-data; do
		note "mode $mode, buffer at $addr"
		serve srv --id 0 --depth 1 --size 4M --mode "$mode" --flags no-part-scan \
			--do bad-addr="$addr"@usr1 --do bad-addr=0@usr2
		udevadm settle --timeout=30
		write_block 0 0 & wait $!
		usr1 srv
		trace_on ublk_slot ublk_dispatch ublk_requeue

		# C11: READ. From the slot's point of view: given to the server, committed, no more
		io_error dd if=/dev/ublkb0 of=/dev/null bs=4k count=1 iflag=direct status=none
		# C12: WRITE, not even handed over in copy mode
		io_error dd if=/dev/zero of=/dev/ublkb0 bs=4k count=1 oflag=direct status=none

		trace_off
		trace_save trace
		[ "$(attempts 'from=READY to=QUEUED')" -le 2 ] ||
			fail "requests came again: $(cat trace)"
		[ "$(attempts ublk_requeue)" = 0 ] || fail "parked: $(cat trace)"

		# with a good buffer again: the READ brings it
		usr2 srv
		dd if=/dev/ublkb0 of=/dev/null bs=4k count=1 iflag=direct status=none
		head -c 65536 /dev/urandom >data
		dd if=data of=/dev/ublkb0 bs=16k oflag=direct status=none
		cmp -n 65536 data /dev/ublkb0
		stop_ends 0
		wait_bg srv
	done
done
