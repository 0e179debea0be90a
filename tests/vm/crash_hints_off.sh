# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: without hints the period alone finds a death, and with them nobody waits for the period
# timeout: 100
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

HOUR=3600000

note "hints off: found by the one with a short period, not by the one with a long one"
param hints 0
param monitor_period_ms $HOUR
serve slow --id 0 --recovery plain --size 4M
param monitor_period_ms 300
serve srv --id 1 --recovery plain --size 4M
kill_server slow
kill_server srv
wait_state 1 QUIESCED
state_is 0 LIVE || fail "found without a hint and without the period"
# nobody has to wait for the hour: STOP does not ask the monitor
stop_ends 0
stop_ends 1

note "the same with recovery off"
serve srv --id 1 --size 4M
kill_server srv
wait_state 1 DEAD
stop_ends 1

note "hints on: found although the period is an hour"
param monitor_period_ms $HOUR
param hints 1
for recovery in plain off; do
	serve srv --id 0 --recovery "$recovery" --size 4M
	kill_server srv
	case $recovery in
	off)	wait_state 0 DEAD ;;
	*)	wait_state 0 QUIESCED ;;
	esac
	stop_ends 0
done
