# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: how long I/O waits when a supervised server is killed, the kernel's part of it apart
# timeout: 240
# tier: full
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/cli.sh"
. "$UBLK_TESTS/vm/kills.sh"

KILLED=${KILLED:-20}
requires ublk ublk-loop jq
img=$SCRATCH/bench_supervised
truncate -s 32M "$img"
cleanup rm -f "$img"

is_other() { local now; now=$(server_of 0); [ "$now" != "$server" ] && [ "$now" -gt 0 ]; }

ublk add loop --file "$img" --id 0 --queues 2 --depth 32 --supervise --restarts 1000 \
	--recovery reissue --log "$PWD/log"
supervisor=$(ps -o ppid= -p "$(server_of 0)" | tr -d ' ')
start_load /dev/ublkb0 --depth 32 --jobs 2 --bs 16K --size 16M
TRACE_CLOCK=global trace_on ublk_state ublk_session ublk_commit signal:signal_generate
# the buffer does not hold all COMMITs: those around a kill are enough
saw_commit() { [ "$(counter 0 committed)" -gt 0 ]; }
trace_off
pids=
# Who dies within a second of its start is kept waiting, on purpose; what is measured is one death.
for ((i = 0; i < KILLED; i++)); do
	server=$(server_of 0)
	pids+=$server,
	echo 1 >"$TRACING/tracing_on"
	moment 5 60
	kill -KILL "$server"
	# who asks in between takes the time that is measured
	sleep 0.5
	wait_for 60 is_other
	wait_state 0 LIVE
	wait_for 60 saw_commit
	trace_off
	sleep 1.5
done
stop_load
trace_save trace
server=$(server_of 0)
ublk del 0
wait_for 20 server_gone "$supervisor"
grep -c "killed by signal 9" log | grep -qx "$KILLED" || fail "the log tells of other deaths"

# Of each kill: to QUIESCED (the kernel's part), to the successor's open of the device, to LIVE, to
# the first COMMIT after it.
awk -v pids=",$pids" '
	{ for (i = 1; i < NF; i++) if ($i ~ /^[0-9]+\.[0-9]+:$/) { t = $i + 0; break } }
	/signal_generate: sig=9 / {
		match($0, / pid=[0-9]+/)
		if (index(pids, "," substr($0, RSTART + 5, RLENGTH - 5) ",")) {
			killed = t; quiesced = opened = live = 0
		}
	}
	!killed { next }
	/ublk_state: .* to=QUIESCED/ { quiesced = t }
	/ublk_session: / && quiesced && !opened { opened = t }
	/ublk_state: .* to=LIVE/ { live = t }
	/ublk_commit:/ && live {
		printf "kill quiesced_us=%d opened_us=%d live_us=%d resumed_us=%d\n",
			(quiesced - killed) * 1e6, (opened - killed) * 1e6, (live - killed) * 1e6,
			(t - killed) * 1e6
		killed = 0
	}
' trace >kills.list
[ "$(wc -l <kills.list)" = "$KILLED" ] || fail "I/O resumed $(wc -l <kills.list) times of $KILLED"
result "supervised, kill to I/O resumed: min/median/max $(spread resumed_us 1000) ms" \
	"($KILLED kills under load, median aimed at: under 150 ms)"
result "of which kill to QUIESCED (the kernel): $(spread quiesced_us 1000) ms; to the" \
	"successor's open: $(spread opened_us 1000) ms; to LIVE: $(spread live_us 1000) ms"
worst=$(sed 's/.*resumed_us=//' kills.list | sort -n | tail -n 1)
[ "$worst" -lt 60000000 ] || fail "it took more than a minute"
