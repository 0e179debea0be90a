# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: shared memory: servers killed with requests in it, each matched anew; UNREG of what is parked
# covers: B17
# timeout: 120
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/shmem.sh"

unwatched
shared a.shm 4M
truncate -s 32M store

# killed NAME: a server that holds a write and a read of that memory is killed
killed()
{
	usr1 "$1"
	run_bg writer same_disk write a.shm 0x4000
	saw "$1" '^HELD .* op=1'
	run_bg reader ublk-shm read --disk /dev/ublkb0 --file a.shm --at 0x6000 --pos 2M --seed 5
	saw "$1" '^HELD .* op=0'
	kill_server "$1"
}

take_over()
{
	serve_until '^READY ' srv --id 0 --takeover --file store "$@"
	wait_bg writer
	wait_bg reader
	same_disk read a.shm private
	[ "$(of_server srv copied)" = 0 ] || fail "copied"
}

note "the next server has the memory, too"
serve srv --id 0 --depth 8 --size 32M --file store --recovery reissue --shm a.shm \
	--flags no-part-scan --do stall@usr1
ublk-shm write --disk /dev/ublkb0 --file a.shm --at 0 --pos 2M --seed 5
killed srv
wait_state 0 QUIESCED
take_over --shm a.shm --do stall@usr1
[ "$(matched srv)" = 2 ] || fail "$(matched srv) of 2 requests that were parked matched"

note "it has not: what is parked holds no buffer, and is copied"
killed srv
wait_state 0 QUIESCED
[ "$(counter 0 parked_now)" = 2 ] || fail "parked: $(counter 0 parked_now)"
ctl OK raw --id 0 --raw-op 0xc0207519 --data 0
pinned 0 0
take_over --do stall@usr1
[ "$(matched srv)" = 0 ] || fail "$(matched srv) matched"

note "registered while they are parked, by somebody else: they match from now on"
killed srv
wait_state 0 QUIESCED
ublk-shm reg --id 0 --file a.shm >reg.out
grep -qx res=0 reg.out || fail "$(cat reg.out)"
take_over --shm a.shm --do stall@usr1
[ "$(matched srv)" = 2 ] || fail "$(matched srv) of 2 requests that were parked matched"

note "kills at any time, in memory, out of it and both"
run_bg mix ublk-shm mix --disk /dev/ublkb0 --file a.shm --len 8M --ios 3000 --seed 3 --blank
for _ in 1 2 3; do
	before=$(counter 0 committed)
	wait_for 30 committed_more 0 $((before + 20))
	kill_server srv
	wait_state 0 QUIESCED
	serve_until '^READY ' srv --id 0 --takeover --file store --shm a.shm --do stall@usr1
done
wait_bg mix
[ "$(matched srv)" -gt 20 ] || fail "only $(matched srv) matched"

note "a server that is killed for good: its requests fail, its memory is given back"
usr1 srv
run_bg writer same_disk write a.shm 0x4000
saw srv '^HELD '
kill_server srv
stop_ends 0
fails writer
[ ! -e "$DEBUG/0" ] || fail "device 0 is there"

note "an ordinary user's device"
requires setpriv
users_allowed
U=/dev/shm/ublk-user
cleanup rm -rf $U
mkdir -m 755 $U
users() { truncate -s "$1" $U/shm && chown 65534 $U/shm; }
users 1M
SERVER_AS=(prlimit --memlock=1048576 setpriv --reuid 65534 --regid 65534 --clear-groups)
serve_until '^READY ' srv --id 0 --depth 8 --size 8M --flags unprivileged --shm $U/shm
udev_settled
run_bg io setpriv --reuid 65534 --regid 65534 --clear-groups \
	ublk-shm mix --disk /dev/ublkb0 --file $U/shm --len 4M --ios 40 --seed 9
wait_bg io
[ "$(matched srv)" -gt 5 ] || fail "$(matched srv) matched"
ctl EPERM raw --id 0 --raw-op 0xc0207519 --data 0 --path /dev/null
ctl OK raw --id 0 --raw-op 0xc0207519 --data 0 --path /dev/ublkc0
pinned 0 0
ctl OK del --id 0 --path /dev/ublkc0
wait_bg srv
# no more than its limit
users 2M
serve_until '^SHM ' srv --id 0 --depth 8 --size 8M --flags unprivileged --shm $U/shm
wait_bg srv any
grep -q '^SHM .* errno=ENOMEM$' srv.out || fail "$(cat srv.out)"
ctl OK del --id 0 --path /dev/ublkc0
