# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: zero copy, registered and automatic: data is kept, each errno of the commands, fallback
# timeout: 240
# tier: full
# kernels: 7.2 7.3
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/zc.sh"
needs_zero_copy

load() { ublk-io --file /dev/ublkb0 --size 16M --jobs 2 --depth 16 --bs 128K "$@"; }

# over MODE ARG..: a server with these keeps what is written
over()
{
	local mode=$1
	shift
	note "mode $mode $*"
	serve srv --id 0 --queues 2 --depth 32 --size 32M --discard --mode "$mode" "$@"
	load --ios 500
	dd if=/dev/urandom of=/dev/ublkb0 bs=64k count=2 oflag=direct status=none
	blkdiscard --offset 0 --length 64k /dev/ublkb0
	cmp -n 65536 /dev/ublkb0 /dev/zero
	nothing_detained 0 || fail "$(counter 0 detained_now) requests detained"
	stop_ends 0
	wait_bg srv
	registered=$(sed -n 's/^ENDED .* registered=//p' srv.out)
}

over registered
[ "$registered" -ge 400 ] || fail "only $registered registrations"
over registered --iosqe-async --split 2
over auto
[ "$registered" = 0 ] || fail "$registered registrations by hand"
over auto --defer-taskrun
# the index is beyond the table, so each request says that it has to be registered by hand
over auto --fallback --auto-offset 1000
[ "$registered" -ge 400 ] || fail "the fallback was taken $registered times"
# the driver's word is not the whole request
over auto --partial 4096

# without fallback such a request fails, and the slot goes on
# not serve: it reads the disk
serve_until '^READY ' srv --id 0 --depth 4 --mode auto --auto-offset 1000 --flags no-part-scan --discard
for i in 1 2 3 4 5 6; do
	! dd if=/dev/ublkb0 of=/dev/null bs=4k count=1 iflag=direct status=none 2>dd.err ||
		fail "read $i succeeded"
	grep -q 'Input/output error' dd.err || fail "$(cat dd.err)"
done
blkdiscard --force --offset 0 --length 64k /dev/ublkb0
[ "$(slots 0 READY)" = 4 ] || fail "slots: $(cat "$DEBUG/0/slots")"
stop_ends 0
wait_bg srv

# a word with bits that mean nothing is refused: FETCH, and no request is lost by it
for word in 0x20000 0x1000000 0x100000000; do
	serve_until '^CQE ' srv --id 0 --depth 2 --mode auto --auto-word $word --timeout 5
	grep -q '^CQE .* op=0x20 res=-22$' srv.out || fail "$(cat srv.out)"
	kill_bg srv KILL
	wait_bg srv any
	ctl OK del --id 0
done

# each errno
serve srv --id 0 --depth 4 --mode registered --flags no-part-scan --do stall@usr1 \
	--do reg@usr2 --do reg-owner@usr2
usr1 srv
run_bg one read_block 0 1
saw srv '^HELD q=0 tag=0 '
usr2 srv
saw srv '^REG owner done'
expected="register OK
register-taken EBUSY
register-again OK
register-beyond-table EINVAL
register-huge-index EINVAL
register-users EBUSY
register-idle IDLE
register-bad-tag EINVAL
register-bad-queue EINVAL
unregister OK
unregister-empty EINVAL
unregister-beyond-table EINVAL
unregister-users EBUSY
unregister-any-tag OK
done"
diff <(sed -n 's/^REG other //p' srv.out) <(echo "${expected/IDLE/EINVAL}") || fail "another thread"
diff <(sed -n 's/^REG owner //p' srv.out) <(echo "${expected/IDLE/EBUSY}") || fail "the owner"
kill_server srv
fails one
wait_state 0 DEAD
ctl OK del --id 0
