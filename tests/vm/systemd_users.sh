# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: ublk add --user: an ordinary user's device from add to del; another user, root, a user namespace, no rule
# timeout: 200
# init: systemd
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/cli.sh"

requires ublk ublk-loop ublk-null jq setpriv unshare
RULES=/run/udev/rules.d

# become WHO GROUPS CMD..: as that uid and gid; the group of /dev/ublk-control is 100
become()
{
	local uid=$1 groups=$2
	shift 2
	env XDG_RUNTIME_DIR="/run/user/$uid" setpriv --reuid "$uid" --regid "$uid" --groups "$groups" "$@"
}
u1() { become 1001 100 "$@"; }
u2() { become 1002 100 "$@"; }
outsider() { become 1003 1003 "$@"; }
owner_of() { stat -c %u:%g "$1"; }
gone() { [ ! -e "/sys/class/ublk-char/ublkc$1" ]; }

for uid in 1001 1002 1003; do
	install -d -m 700 -o "$uid" -g "$uid" "/run/user/$uid" "/home/$uid"
done
u1 truncate -s 64M /home/1001/disk.img
mkdir -p $RULES
cleanup udevadm control --reload
cleanup rm -f $RULES/60-ublk.rules $RULES/61-ublk-users.rules

note "a host lets a group use the driver"
expect 4 "have the node made yours" u1 ublk list
echo 'KERNEL=="ublk-control", GROUP="users", MODE="0660"' >$RULES/61-ublk-users.rules
udevadm control --reload
udevadm trigger --settle /dev/ublk-control
[ "$(stat -c %g:%a /dev/ublk-control)" = 100:660 ] || fail "the node is $(stat -c %g:%a /dev/ublk-control)"
expect 4 "have the node made yours" outsider ublk list

note "without the rule the wait has a bound; what was added goes again (meanwhile the rest)"
norule() { become_norule >norule.out 2>&1; }
become_norule() { u1 ublk add --user null --id 9; }
run_bg norule norule
added() { [ -e /dev/ublkc9 ]; }
wait_for 20 added
udev_settled
sed "s#\"[^\"]*/ublk_id #\"$(command -v ublk_id) #" /opt/ublk/udev/rules.d/60-ublk.rules >$RULES/60-ublk.rules
udevadm control --reload

note "an ordinary user adds, looks, reads and writes, stops, deletes"
expect 4 "ublk add --user" u1 ublk add null
expect 2 "--user: the driver keeps no user's device" u1 ublk add --user null --recovery reissue
expect 2 "--user: the driver grants user-copy to root only" u1 ublk add --user null --data user-copy
u1 ublk add --user loop --file /home/1001/disk.img --id 0 --name mine --json >add.json
# at once: whoever hears that it is live may use it
u1 dd if=/dev/urandom of=/dev/ublkb0 bs=64k count=16 oflag=direct status=none
u1 cmp -n 1048576 /dev/ublkb0 /home/1001/disk.img
[ "$(owner_of /dev/ublkc0) $(stat -c %u /dev/ublkb0)" = "1001:1001 1001" ] || fail "$(ls -l /dev/ublk*)"
json add.json '.id == 0'
u1 ublk info 0 --json >info.json
json info.json '.name == "mine" and .recovery == "off" and .owner_uid == 1001 and .record == "good"'
json info.json '.features | index("UNPRIVILEGED")'
[ "$(owner_of /run/user/1001/ublk/0)" = 1001:1001 ] || fail "no record of the user's"
[ ! -e /run/ublk/0 ] || fail "a record in root's folder"
u1 ublk resize 0 32M
u1 mkfs.ext4 -q /dev/ublkb0
u1 ublk stop 0
expect 0 "DEAD" u1 ublk list
u1 ublk del 0
gone 0 || fail "it is still there"
[ ! -e /run/user/1001/ublk/0 ] || fail "its record is still there"

note "again and again, used the moment it is there"
for ((i = 0; i < 10; i++)); do
	u1 ublk add --user loop --file /home/1001/disk.img --id 0 >/dev/null
	u1 dd if=/dev/ublkb0 of=/dev/null bs=4k count=1 iflag=direct status=none
	u1 ublk del 0 >/dev/null
done

note "root's device is not the user's, nor the user's another's"
ublk add null --id 1
# as its owner could make it: with the identity of another's
uuid=$(ublk info 1 --json | jq -r .uuid)
u1 ublk add --user loop --file /home/1001/disk.img --id 0 --uuid "$uuid"
for verb in info stop del; do
	expect 4 "run as root" u1 ublk $verb 1
	expect 4 "another user's" u2 ublk $verb 0
done
expect 0 " of other users" u2 ublk list
u1 ublk list --json >list.json 2>/dev/null
json list.json '[.devices[].id] - [9] == [0]'
! u2 dd if=/dev/ublkb0 of=/dev/null bs=4k count=1 status=none 2>open.out || fail "another user reads it"
! u2 sh -c 'exec 3<>/dev/ublkc0' 2>/dev/null || fail "another user opens its node"
u2 ublk add --user null --id 2
expect 4 "another user's" u1 ublk stop 2
u2 ublk del 2

note "root sees and ends it, and runs nothing of it; no link leads to it by a record of root's"
cp /run/ublk/1 /run/ublk/0
sed -i 's/"id":1\b/"id":0/; s/"id": 1\b/"id": 0/' /run/ublk/0
ublk info 0 --json >info.json
json info.json '.record == "good"'
udevadm trigger --settle --action=change /dev/ublkb0
udevadm info -q symlink -n /dev/ublkb0 >links
! grep ublk- links || fail "a link to a user's disk"
[ "$(owner_of /dev/ublkc0)" = 1001:1001 ] || fail "$(ls -l /dev/ublk*)"
rm /run/ublk/0
ublk info 0 --json >info.json
json info.json '.owner_uid == 1001 and .record == "none"'
expect 1 "runuser" ublk add --user null --id 3
gone 3 || fail "root's --user left a device"
kill -KILL "$(jq .server_pid info.json)"
wait_state 0 DEAD
! ublk recover 0 >recover.out 2>&1 || fail "root has recovered a user's device"
expect 5 "is the user's with uid 1001" ublk add null --id 0 --uuid "$uuid"
ublk del 0

note "in a user namespace the same user has the same devices"
u1 unshare -Ur ublk add --user loop --file /home/1001/disk.img --id 0
[ "$(owner_of /dev/ublkc0)" = 1001:1001 ] || fail "$(ls -l /dev/ublk*)"
u1 unshare -Ur dd if=/dev/ublkb0 of=/dev/null bs=4k count=1 iflag=direct status=none
u1 unshare -Ur ublk stop 0
u1 ublk del 0
expect 4 "run as root" u1 unshare -Ur ublk del 1
expect 4 "ublk add --user" u1 unshare -Ur ublk add null
ublk del 1

wait_bg norule 6
grep -q "/dev/ublkc9 was not given to you within 30000 ms: .*60-ublk.rules" norule.out ||
	fail "without the rule: $(cat norule.out)"
gone 9 || fail "the device that nobody was given is still there"
