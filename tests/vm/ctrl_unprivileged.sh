# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: unprivileged devices: who may make, command, open one; its server must answer
# covers: C18
# timeout: 150
# kernels: all
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

requires setpriv unshare
USER1=(setpriv --reuid 65534 --regid 65534 --clear-groups)
USER2=(setpriv --reuid 65533 --regid 65533 --clear-groups)
GROUP2=(setpriv --reuid 65534 --regid 65533 --clear-groups)
NODE=/dev/ublkc0 DISK=/dev/ublkb0

users_allowed

# as WHO.. -- ERRNO VERB ARG..: ctl as somebody else
as()
{
	local who=() expected got status=0
	while [ "$1" != -- ]; do
		who+=("$1")
		shift
	done
	expected=$2
	shift 2
	"${who[@]}" ublk-ctl "$@" >as.out 2>&1 || status=$?
	got=$(sed -n 's/^errno=//p' as.out)
	[ "$got" = "$expected" ] || {
		cat as.out
		fail "${who[*]} ublk-ctl $*: ${got:-nothing} (status $status), expected $expected"
	}
}
u1() { as "${USER1[@]}" -- "$@"; }
u2() { as "${USER2[@]}" -- "$@"; }

gone() { [ ! -e /sys/class/ublk-char/ublkc0 ]; }

# opens WHO..: can they open the disk?
opens() { "$@" dd if=$DISK of=/dev/null bs=4k count=1 status=none 2>open.out; }

note "who may make one"
u1 EPERM add --id 0
u1 EINVAL add --id 0 --flags unprivileged,user-copy
u1 ENODEV info --id 0 --path "$NODE"
# in a user namespace of its own, root is nobody in particular
as "${USER1[@]}" unshare -Ur -- EPERM add --id 0
# the administrator's are not
ctl OK add --id 0 --flags unprivileged
! grep -q '^dev_flags_names=.*unprivileged' <(ublk-ctl info --id 0) ||
	fail "root's device is unprivileged"
ctl OK del --id 0

note "it is served, read and written by its owner"
SERVER_AS=("${USER1[@]}")
serve srv --id 0 --size 16M --flags unprivileged,recovery,reissue
head -c 64K /dev/urandom >data
"${USER1[@]}" dd of=$DISK bs=64k iflag=fullblock oflag=direct status=none <data
"${USER1[@]}" dd if=$DISK bs=64k count=1 iflag=direct status=none | cmp - data
cmp -n 65536 data $DISK
grep -q '^dev_flags_names=.*unprivileged' <(ublk-ctl info2 --id 0 --path "$NODE") || fail "not unprivileged"
! grep -q '^dev_flags_names=.*recovery' <(ublk-ctl info2 --id 0 --path "$NODE") || fail "it has recovery"
[ ! -e "/sys/class/block/ublkb0/ublkb0p1" ] || fail "its partition table was believed"

note "nobody else opens its disk, whatever the mode of the node"
chmod 666 $DISK
opens "${USER1[@]}" || fail "its owner cannot open it: $(cat open.out)"
! opens "${USER2[@]}" || fail "another user can open it"
grep -q 'not permitted' open.out || fail "another user gets: $(cat open.out)"
! opens "${GROUP2[@]}" || fail "the user in another group can open it"
opens || fail "root cannot open it: $(cat open.out)"

note "every command names the node, root's, too"
ctl EINVAL info --id 0
ctl EINVAL stop --id 0
ctl EPERM info --id 0 --path /dev/null
ctl EPERM stop --id 0 --path $DISK
ctl ENOENT stop --id 0 --path /dev/ublkc77
ctl OK info --id 0 --path "$NODE"
u1 OK info --id 0 --path "$NODE"
u2 EACCES info --id 0 --path "$NODE"
u2 EACCES stop --id 0 --path "$NODE"
# a node of the same numbers, elsewhere: it is the permissions of that one
cleanup rm -f /dev/ublk-test
mknod -m 666 /dev/ublk-test c $((16#$(stat -c %t $NODE))) $((16#$(stat -c %T $NODE)))
u2 OK info --id 0 --path /dev/ublk-test
ln -sf $NODE /dev/ublk-test
u2 EACCES info --id 0 --path /dev/ublk-test
note "to look takes the right to read, to change the right to write, too"
chmod 644 $NODE
for verb in info info2 affinity get-params; do
	u2 OK "$verb" --id 0 --path "$NODE"
done
for verb in start stop del del-async set-params start-recovery end-recovery update-size \
	quiesce try-stop; do
	u2 EACCES "$verb" --id 0 --path "$NODE"
done
chmod 600 $NODE
# while there is a disk, that goes for who made it, too
chown 0:0 $NODE
for verb in info stop del del-async; do
	u1 EACCES "$verb" --id 0 --path "$NODE"
done
chown 65534:65534 $NODE
u1 EINVAL start-recovery --id 0 --path "$NODE"
u1 OK update-size --id 0 --sectors 16384 --path "$NODE"
[ "$(cat /sys/block/ublkb0/size)" = 16384 ] || fail "not resized"
u1 OK del-async --id 0 --path "$NODE"
wait_bg srv

note "without a disk its owner may look and delete, though the node never was the owner's"
for verb in del del-async; do
	u1 OK add --id 0 --flags unprivileged
	udev_settled
	chown 0:0 $NODE
	u1 OK info2 --id 0 --path "$NODE"
	u1 EINVAL "$verb" --id 0
	for other in set-params start stop try-stop; do
		u1 EACCES "$other" --id 0 --path "$NODE"
	done
	u2 EACCES info --id 0 --path "$NODE"
	u2 EACCES "$verb" --id 0 --path "$NODE"
	as "${GROUP2[@]}" -- EACCES "$verb" --id 0 --path "$NODE"
	u1 EPERM "$verb" --id 0 --path /dev/null
	u1 OK "$verb" --id 0 --path "$NODE"
	wait_for 10 gone
done

note "ublks_max counts them, and only them"
old=$(cat "$PARAMS/ublks_max")
echo 1 >"$PARAMS/ublks_max"
u1 OK add --id 0 --flags unprivileged
u1 EACCES add --id 1 --flags unprivileged
ctl OK add --id 1
ctl OK del --id 1
ctl OK del --id 0 --path "$NODE"
u1 OK add --id 0 --flags unprivileged
ctl OK del --id 0 --path "$NODE"
echo 0 >"$PARAMS/ublks_max"
u1 EACCES add --id 0 --flags unprivileged
echo "$old" >"$PARAMS/ublks_max"

note "a server that does not answer is killed, so that who reads from it is free"
serve srv --id 0 --size 16M --flags unprivileged --do stall@usr1
usr1 srv
echo 2000 >/sys/block/ublkb0/queue/io_timeout
status=0
bounded 60 dd if=$DISK of=/dev/null bs=4k count=1 iflag=direct status=none 2>read.out || status=$?
[ "$status" = 1 ] && grep -q 'Input/output error' read.out || fail "status $status: $(cat read.out)"
wait_bg srv 137
ctl OK del --id 0 --path "$NODE"
# root's device waits, however long
SERVER_AS=()
serve srv --id 0 --size 16M --do stall@usr1
usr1 srv
echo 1000 >/sys/block/ublkb0/queue/io_timeout
run_bg read dd if=$DISK of=/dev/null bs=4k count=1 iflag=direct status=none
sleep 4
is_running srv || fail "root's server was killed"
echo 1000 >"$PARAMS/stop_timeout_ms"
ctl OK stop --id 0
wait_bg read 1
kill_server srv
ctl OK del --id 0
