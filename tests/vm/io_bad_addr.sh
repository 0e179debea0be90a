# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a bad buffer address fails the request once, and the device still serves (C11, C12)
# covers: A10 C11 C12
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
sent() { grep -c 'from=READY to=QUEUED' trace || true; }

# From USR1 on commands name the bad buffer. With one slot everything goes through it.
bad_server()
{
	serve srv --id 0 --depth 1 --size 4M --flags no-part-scan "$@" \
		--do bad-addr="$addr"@usr1 --do bad-addr=0@usr2
	(write_block 0 0)
	usr1 srv
}

# udev of systemd 257 reads, too, after each writer
unwatched
# first page, non-canonical, the kernel's half
for addr in 0x1000 0x800000000000 0xffff888000000000; do
	note "buffer at $addr"
	bad_server
	trace_on ublk_slot ublk_requeue
	# C11: READ, the copy from the server's buffer fails at the COMMIT
	io_error dd if=/dev/ublkb0 of=/dev/null bs=4k count=1 iflag=direct status=none
	# C12: WRITE, the copy to it fails before the server has the request
	io_error dd if=/dev/zero of=/dev/ublkb0 bs=4k count=1 oflag=direct status=none
	trace_off
	trace_save trace
	[ "$(sent)" = 2 ] || fail "two requests were sent $(sent) times: $(cat trace)"
	! grep ublk_requeue trace || fail "a request was parked"

	# with a good buffer again: the READ brings it
	usr2 srv
	dd if=/dev/ublkb0 of=/dev/null bs=4k count=1 iflag=direct status=none
	head -c 65536 /dev/urandom >data
	dd if=data of=/dev/ublkb0 bs=16k oflag=direct status=none
	cmp -n 65536 data /dev/ublkb0
	stop_ends 0
	wait_bg srv
done

note "NEED_GET_DATA is refused; this server gives up then, another may try again"
addr=0x1000
bad_server --mode get-data
io_error dd if=/dev/zero of=/dev/ublkb0 bs=4k count=1 oflag=direct status=none
has_line srv '^CQE .* op=0x22 res=-14$' || fail "$(cat srv.out)"
wait_bg srv 1
wait_state 0 DEAD
stop_ends 0
