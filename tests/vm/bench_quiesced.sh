# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: how long from SIGKILL to QUIESCED, and to the first I/O that a successor completes
# timeout: 200
# tier: full
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/kills.sh"

ARGS=(--queues 2 --depth 32 --size 32M --file "$SCRATCH/bench" --recovery reissue)
rm -f "$SCRATCH/bench"
cleanup rm -f "$SCRATCH/bench"

TRACE_CLOCK=global trace_on ublk_state ublk_commit signal:signal_generate
serve srv --id 0 "${ARGS[@]}"
start_load /dev/ublkb0 --depth 32 --jobs 2 --bs 16K --size 16M
pids=
saw_commit() { [ "$(counter 0 committed)" -gt 0 ]; }
for ((i = 0; i < 20; i++)); do
	moment 5 60
	pids+=$BG_srv,
	kill_server srv
	wait_state 0 QUIESCED
	serve srv --id 0 --takeover "${ARGS[@]}"
	wait_for 20 saw_commit
done
trace_off
stop_load
trace_save trace
stop_ends 0
wait_bg srv

ublk-trace-check --no-order --count-kills --pid "${pids%,}" trace >kills.out
grep -E '^kill line' kills.out >kills.list
[ "$(wc -l <kills.list)" = 20 ] || fail "$(wc -l <kills.list) kills in the trace"
! grep -q 'settled_us=-1' kills.list || fail "a kill was never followed by QUIESCED"
result "kill to QUIESCED: min/median/max $(spread settled_us 1000) ms (20 kills under load," \
	"median aimed at: under 100 ms)"

# the first COMMIT after LIVE
awk -v pids=",$pids" '
	{ for (i = 1; i < NF; i++) if ($i ~ /^[0-9]+\.[0-9]+:$/) { t = $i + 0; break } }
	/signal_generate: sig=9 / {
		match($0, / pid=[0-9]+/)
		if (index(pids, "," substr($0, RSTART + 5, RLENGTH - 5) ",")) { killed = t; live = 0 }
	}
	/ublk_state: .* to=LIVE/ { live = 1 }
	/ublk_commit:/ && killed && live { print " resumed_us=" int((t - killed) * 1e6); killed = 0 }
' trace >kills.list
[ "$(wc -l <kills.list)" = 20 ] || fail "I/O resumed $(wc -l <kills.list) times of 20"
result "kill to I/O resumed: min/median/max $(spread resumed_us 1000) ms (most of it is the" \
	"start of the successor)"
worst=$(sed 's/.*=//' kills.list | sort -n | tail -n 1)
[ "$worst" -lt 60000000 ] || fail "it took more than a minute"
