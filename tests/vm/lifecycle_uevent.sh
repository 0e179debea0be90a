# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a uevent with UBLK_STATE= at each change of state, in order
# timeout: 100
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

watch() { exec stdbuf -oL udevadm monitor --kernel --property --subsystem-match=ublk-char >events; }
states() { awk -F= -v d="/dev/ublkc$1" '
	/^DEVNAME=/ { me = $2 == d || "/dev/" $2 == d }
	/^UBLK_STATE=/ { state = $2 }
	/^$/ { if (me && state != "") printf "%s ", state; me = 0; state = "" }' events; }
has_states() { [ "$(states "$1")" = "$2 " ]; }
saw_states()
{
	local i
	for ((i = 0; i < 200; i++)); do
		! has_states "$1" "$2" || return 0
		sleep 0.05
	done
	fail "device $1 announced '$(states "$1")', not '$2'"
}

run_bg monitor watch
wait_for 20 grep -q '^KERNEL' events

serve srv --id 0 --recovery plain --size 8M
saw_states 0 "LIVE"
kill_server srv
saw_states 0 "LIVE QUIESCED"
serve srv --id 0 --takeover --size 8M
saw_states 0 "LIVE QUIESCED LIVE"
ctl OK stop --id 0
wait_bg srv
saw_states 0 "LIVE QUIESCED LIVE DEAD"

serve srv --id 1 --recovery fail-io --size 8M
kill_server srv
saw_states 1 "LIVE FAIL_IO"
ctl OK stop --id 1
saw_states 1 "LIVE FAIL_IO DEAD"

# a server that dies with recovery off
serve srv --id 2 --size 8M
kill_server srv
saw_states 2 "LIVE DEAD"

# no news is no event
ctl OK stop --id 2
for id in 0 1 2; do
	ctl OK del --id "$id"
done
saw_states 0 "LIVE QUIESCED LIVE DEAD"
saw_states 1 "LIVE FAIL_IO DEAD"
saw_states 2 "LIVE DEAD"
kill_bg monitor TERM
wait_bg monitor any
