# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: ublk@0.service: ready when live, back when killed, stopped or stuck, its file system stays
# timeout: 240
# init: systemd
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/cli.sh"
. "$UBLK_TESTS/vm/units.sh"

requires ublk ublk-loop jq
units_install
cleanup systemctl stop ublk@0.service ublk@1.service
cleanup umount /mnt/data
img=$SCRATCH/unit.img
truncate -s 64M "$img"
mkdir -p /mnt/data
has_other_server() { [ "$(server_of 0)" != "$server" ] && state_is 0 LIVE; }
# write_on: a file through the file system, to the disk
write_on() { bounded 100 dd if=/dev/urandom of=/mnt/data/new bs=64k count=16 conv=fsync status=none; }

note "what is wrong in the file is said, and not tried again"
unit_conf 0 "target = loop" "fil = $img"
! systemctl start ublk@0.service 2>/dev/null || fail "it started"
told() { journalctl -b -u ublk@0.service | grep -q "no option --fil "; }
wait_for 20 told
chmod 666 /etc/ublk/0.conf
expect 4 "could have been written by others" ublk up 0
rm /etc/ublk/0.conf
expect 2 "/etc/ublk/0.conf: No such file" ublk up 0
systemctl reset-failed ublk@0.service

note "unsupervised: systemd itself brings it back, with the same identity"
unit_conf 0 "# the disk" "target = loop" "file = $img" "recovery = reissue" "name = data" oom-protect
systemctl start ublk@0.service
state_is 0 LIVE || fail "started before it was live"
systemctl show -p StatusText --value ublk@0.service | grep -q "serving /dev/ublkb0" ||
	fail "status: $(systemctl show -p StatusText ublk@0.service)"
server=$(server_of 0)
[ "$server" = "$(main_pid 0)" ] || fail "the server is not the main process"
[ "$(head -c1 "/proc/$server/cmdline")" = @ ] || fail "no @ in its first argument"
[ "$(cat "/proc/$server/oom_score_adj")" = -1000 ] || fail "not protected from the OOM killer"
uuid=$(ublk info 0 --json | jq -r .uuid)
expect 5 "has a living server" ublk up 0
expect 5 "systemctl kill -s KILL ublk@0.service has" ublk upgrade 0
[ "$(server_of 0)" = "$server" ] || fail "it was upgraded all the same"
mkfs.ext4 -q /dev/ublkb0
mount /dev/ublkb0 /mnt/data
systemctl kill -s KILL ublk@0.service
write_on
wait_for 60 has_other_server
wait_for 30 unit_is 0 active
[ "$(ublk info 0 --json | jq -r .uuid)" = "$uuid" ] || fail "another identity"
mountpoint -q /mnt/data || fail "the file system went"

note "supervised: the service does not even notice"
umount /mnt/data
systemctl stop ublk@0.service
ublk wait 0 gone --timeout 10
unit_conf 0 "target = loop" "file = $img" "recovery = reissue" supervise "hang-timeout = 3"
mkdir -p /run/systemd/system/ublk@0.service.d
printf '[Service]\nWatchdogSec=6\n' >/run/systemd/system/ublk@0.service.d/quick.conf
systemctl daemon-reload
systemctl start ublk@0.service
mount /dev/ublkb0 /mnt/data
main=$(main_pid 0) server=$(server_of 0)
kill -KILL "$server"
write_on
wait_for 60 has_other_server
[ "$(main_pid 0)" = "$main" ] || fail "another supervisor"

note "its server is stopped under I/O"
server=$(server_of 0)
kill -STOP "$server"
write_on
wait_for 60 has_other_server
[ "$(main_pid 0)" = "$main" ] || fail "another supervisor"

note "the supervisor is killed: both are new, and there is one server"
server=$(server_of 0)
kill -KILL "$main"
wait_for 60 has_other_server
write_on
server_gone "$server" || fail "the old server lives"
wait_for 30 unit_is 0 active

note "the supervisor is stopped: the watchdog"
main=$(main_pid 0) server=$(server_of 0)
kill -STOP "$main"
wait_for 90 has_other_server
server_gone "$main" || fail "the old supervisor lives"
write_on
umount /mnt/data
e2fsck -fn /dev/ublkb0 >fsck.out 2>&1 || fail "fsck: $(cat fsck.out)"

note "stop removes the device; what is beside it is not touched"
unit_conf 1 "target = null" "recovery = plain"
systemctl start ublk@1.service
systemctl stop ublk@0.service
ublk wait 0 gone --timeout 10
state_is 1 LIVE || fail "device 1 is $(state_of 1)"
systemctl stop ublk@1.service
systemd-analyze verify --man=no /usr/local/lib/systemd/system/ublk@.service 2>&1 | grep -i ublk |
	grep -v SurviveFinalKillSignal >verify.out || true
[ ! -s verify.out ] || fail "verify: $(cat verify.out)"
