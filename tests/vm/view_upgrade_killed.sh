# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: ublk upgrade when the new server dies at each step, and when it is killed itself at any moment
# tier: full
# timeout: 240
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/cli.sh"
. "$UBLK_TESTS/vm/upgrade.sh"

requires ublk ublk-loop ublk-fault jq fio
ublk add loop --file "$img" --id 0 --queues 2 >/dev/null
cleanup ublk del 0
ublk upgrade 0 -- "$bin/ublk-loop" --file "$img" --queues 2 >/dev/null
run_bg load fio --name=load --filename=/dev/ublkb0 --rw=randwrite --bs=4k --iodepth=16 \
	--ioengine=libaio --direct=1 --verify=crc32c --verify_backlog=256 --verify_fatal=1 \
	--size=16M --time_based --runtime=600 --output=fio.out

note "the new one is killed at each step, or stops at one: the old one is back"
rolled_back()
{
	expect 1 "$1" "${@:2}"
	grep -q 'the old server is back' expect.out || fail "$(cat expect.out)"
	settled
	json <(ublk info 0 --json) ".argv[0] == \"$bin/ublk-loop\""
}
for point in after-start-recovery after-record between-fetches before-end-recovery; do
	rolled_back "killed by signal 9" \
		ublk upgrade 0 -- ublk-fault loop --file "$img" --fault "kill,at=$point"
done
rolled_back "No such file" ublk upgrade 0 -- "$bin/ublk-loop" --file /no/such/file
rolled_back "not live within 3 s" ublk upgrade 0 --timeout 3 -- \
	ublk-fault loop --file "$img" --fault stop,at=before-end-recovery

note "ublk upgrade is killed, sooner or later: whatever is left can be recovered"
for ((i = 0; i < 12; i++)); do
	ublk upgrade 0 >/dev/null 2>&1 &
	upgrade=$!
	sleep "0.$(printf %03d $((RANDOM % 700)))"
	kill -KILL "$upgrade" 2>/dev/null || true
	wait "$upgrade" 2>/dev/null || true
	# a server that was on its way may still arrive
	ublk wait 0 live --timeout 2 >/dev/null 2>&1 || ublk recover 0 >/dev/null ||
		ublk wait 0 live --timeout 10 >/dev/null
done
note "and with a new one that is no good, whose record is there already"
for ((i = 0; i < 4; i++)); do
	ublk upgrade 0 -- ublk-fault loop --file "$img" --queues 2 \
		--fault kill,at=before-end-recovery >/dev/null 2>&1 &
	upgrade=$!
	sleep "0.$(printf %03d $((RANDOM % 900)))"
	kill -KILL "$upgrade" 2>/dev/null || true
	wait "$upgrade" 2>/dev/null || true
	ublk wait 0 live --timeout 2 >/dev/null 2>&1 || ublk recover 0 >/dev/null ||
		ublk wait 0 live --timeout 10 >/dev/null
	json <(ublk info 0 --json) ".argv[0] == \"$bin/ublk-loop\""
done
ublk upgrade 0 >/dev/null
settled

note "no I/O error, nothing wrong read back"
kill -INT "$BG_load"
wait_bg load any
cat fio.out
grep -q 'err= 0' fio.out || fail "fio saw an error"
! grep -Eqi 'verify.*(fail|bad)|error=' fio.out || fail "fio read back something else"

ublk del 0 >/dev/null
