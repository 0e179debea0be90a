# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: ublk reap removes orphans after asking, and nothing that is served, supervised or in use
# timeout: 180
# kernels: 7.3
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/cli.sh"

requires ublk ublk-loop ublk-null jq script
run=${UBLK_RUN_DIR:-/run/ublk}
img=$SCRATCH/reap.img
truncate -s 16M "$img"
cleanup rm -f "$img"

# lose_server ID: killed, and nobody starts another
lose_server()
{
	kill -KILL "$(ublk info "$1" --json | jq .server_pid)"
	ublk wait "$1" quiesced --timeout 30
}

# on_terminal ANSWER ARG..: what it says to somebody who answers that
on_terminal()
{
	local answer=$1
	shift
	printf '%s\n' "$answer" | timeout 60 script -qec "ublk reap $*" /dev/null >terminal.out
}

# reaped FILTER ARG..: with --json, for the one that was found
reaped()
{
	local filter=$1
	shift
	ublk reap --json "$@" >reap.json || fail "ublk reap $*: $(cat reap.json)"
	json reap.json "(.found | length == 1) and (.found[0] | $filter)"
}

exists() { ublk info "$1" >/dev/null 2>&1; }

note "nothing to do: no device, and one that is served"
expect 0 "no orphans" ublk reap --yes
ublk add null --id 0 --recovery plain
expect 0 "no orphans" ublk reap --yes
expect 5 "no orphan" ublk reap --yes --force 0
expect 3 "no device 7" ublk reap --yes --force 7
expect 2 "no device id" ublk reap --force x
lose_server 0

note "an orphan: shown, asked for, kept, removed"
expect 0 "would be removed" ublk reap --dry-run
expect 2 "nobody to ask" ublk reap
expect 2 "nobody to ask" ublk reap --json
exists 0 || fail "removed without a yes"
for answer in n "" Yup; do
	on_terminal "$answer"
	grep -q "remove it for good" terminal.out || fail "not asked: $(cat terminal.out)"
	exists 0 || fail "removed after \"$answer\""
done
ublk recover 0
lose_server 0
on_terminal y
grep -q "removed" terminal.out || fail "$(cat terminal.out)"
! exists 0 || fail "still there"
[ ! -e "$run/0" ] || fail "its record is still there"
expect 0 "no orphans" ublk reap --yes

note "in use: open, mounted, I/O waiting; by force only"
ublk add loop --file "$img" --id 0
exec 9</dev/ublkb0
lose_server 0
reaped '.result == "in-use" and (.usage | contains("is open in process"))' --yes
exists 0 || fail "removed under somebody"
exec 9<&-
ublk recover 0
mkfs.ext4 -q /dev/ublkb0
mkdir mnt
mount /dev/ublkb0 mnt
cleanup umount -q mnt
lose_server 0
reaped '.result == "in-use" and (.usage | contains("is mounted on"))' --yes
ublk recover 0
umount mnt
udevadm settle
lose_server 0
# whoever waits in D state has no file that can be seen any more
run_bg reader dd if=/dev/ublkb0 of=/dev/null bs=4k count=1 iflag=direct status=none
wait_for 30 grep -q "parked_now: *[1-9]" /sys/kernel/debug/ublk/0/counters
reaped '.result == "in-use"' --yes
state_is 0 QUIESCED || fail "the device is $(state_of 0)"
reaped '.result == "removed" and .forced' --yes --force 0
wait_bg reader 1
! exists 0 || fail "still there"

note "DEAD leftovers, and records without a device; not those that cannot be believed"
ublk add null --id 3
cp -p "$run/3" record
server=$(ublk info 3 --json | jq .server_pid)
ublk stop 3
wait_for 30 server_gone "$server"
reaped '.result == "removed" and .state == "DEAD"' --yes
cp -p record "$run/3"
reaped '.result == "removed" and .kind == "record"' --yes
[ ! -e "$run/3" ] || fail "the record is still there"
cp -p record "$run/3"
chmod o+w "$run/3"
expect 0 "no orphans" ublk reap --yes
[ -e "$run/3" ] || fail "a record that is somebody else's was removed"
rm "$run/3"

note "supervised: left alone while its supervisor lives, though it has no server now"
ublk add null --id 0 --recovery plain --supervise
server=$(ublk info 0 --json | jq .server_pid)
supervisor=$(ps -o ppid= -p "$server" | tr -d ' ')
kill -STOP "$supervisor"
cleanup sh -c "kill -KILL $supervisor 2>/dev/null || :"
lose_server 0
expect 0 "no orphans" ublk reap --yes
expect 5 "supervised by process $supervisor" ublk reap --yes --force 0
kill -CONT "$supervisor"
ublk wait 0 live --timeout 60
ublk del 0
