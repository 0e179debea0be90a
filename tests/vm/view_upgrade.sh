# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: ublk upgrade under load: several in a row; one that fails or hangs: the old one comes back
# timeout: 240
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/cli.sh"
. "$UBLK_TESTS/vm/upgrade.sh"

requires ublk ublk-loop jq fio
ublk add loop --file "$img" --id 0 --queues 2 --latency >/dev/null
cleanup ublk del 0
run_bg load fio --name=load --filename=/dev/ublkb0 --rw=randwrite --bs=4k --iodepth=16 \
	--ioengine=libaio --direct=1 --verify=crc32c --verify_backlog=256 --verify_fatal=1 \
	--size=16M --time_based --runtime=300 --output=fio.out

note "three in a row, each with the recorded command"
for ((i = 0; i < 3; i++)); do
	old=$(server_of 0)
	ublk upgrade 0 --json >up.json
	json up.json ".old_server_pid == $old and .server_pid != $old and .state == \"LIVE\""
	result "I/O waited $(jq .pause_ms up.json) ms"
	settled
done
json <(ublk info 0 --json) '.restarts == 3'

note "to another program, whose path is recorded then"
ublk upgrade 0 -- "$bin/ublk-loop" --file "$img" --queues 2 --supervise >/dev/null
settled
json <(ublk info 0 --json) ".argv[0] == \"$bin/ublk-loop\""
supervisor=$(ps -o ppid= -p "$(server_of 0)" | tr -d ' ')
[ "$(ps -o comm= -p "$supervisor")" = ublk-loop ] || fail "it is not supervised"

note "of a supervised one: its supervisor goes with it, the new one has one of its own"
ublk upgrade 0 >/dev/null
wait_for 20 server_gone "$supervisor"
new=$(ps -o ppid= -p "$(server_of 0)" | tr -d ' ')
[ "$new" != "$supervisor" ] || fail "the old supervisor is still there"
[ "$(ps -o comm= -p "$new")" = ublk-loop ] || fail "the new one is not supervised"
settled
kill -KILL "$(server_of 0)"
ublk wait 0 quiesced --timeout 1 >/dev/null || true
ublk wait 0 live --timeout 30 >/dev/null
ublk upgrade 0 -- "$bin/ublk-loop" --file "$img" --queues 2 >/dev/null
settled

note "a command that cannot be run is refused before anything is done"
old=$(server_of 0)
expect 2 "nothing was changed" ublk upgrade 0 -- /no/such/server
expect 2 "nothing was changed" ublk upgrade 0 -- server
[ "$(server_of 0)" = "$old" ] || fail "it was changed"

note "a new one that fails at once, or hangs: the old one is back"
printf '#!/bin/sh\nexec sleep 1000\n' >hangs
chmod +x hangs
rolled_back()
{
	expect 1 "$1" "${@:2}"
	grep -q 'the old server is back' expect.out || fail "$(cat expect.out)"
	settled
	json <(ublk info 0 --json) ".argv[0] == \"$bin/ublk-loop\""
}
rolled_back "there is no option" ublk upgrade 0 -- "$bin/ublk-loop" --file "$img" --no-such
rolled_back "ended with status" ublk upgrade 0 -- /bin/false
rolled_back "not live within 2 s" ublk upgrade 0 --timeout 2 -- "$PWD/hangs"
! pgrep -f "$PWD/hangs" || fail "the one that hangs is still there"

note "its file was replaced by one that does not work: the program that ran is started again"
cp /bin/false "$bin/new"
mv "$bin/new" "$bin/ublk-loop"
rolled_back "ended with status" ublk upgrade 0
[[ $(readlink "/proc/$(server_of 0)/exe") == *'(deleted)' ]] || fail "which program is that?"
cp "$(command -v ublk-loop)" "$bin/new"
mv "$bin/new" "$bin/ublk-loop"
ublk upgrade 0 >/dev/null
settled

note "no I/O error, nothing wrong read back"
kill -INT "$BG_load"
wait_bg load any
cat fio.out
grep -q 'err= 0' fio.out || fail "fio saw an error"
! grep -Eqi 'verify.*(fail|bad)|error=' fio.out || fail "fio read back something else"

note "refused: memory that would end with its server, a device without recovery, one without a server"
ublk add mem --size 1M --id 1 --recovery reissue >/dev/null
expect 5 "would end with it" ublk upgrade 1
ublk add null --id 2 --recovery off >/dev/null
expect 5 "without recovery" ublk upgrade 2
kill -KILL "$(server_of 0)"
ublk wait 0 quiesced --timeout 30 >/dev/null
expect 5 "has no server" ublk upgrade 0
expect 3 "no device" ublk upgrade 7
ublk recover 0 >/dev/null
for i in 0 1 2; do
	ublk del "$i" >/dev/null
done
