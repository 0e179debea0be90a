# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: counters go on over a server's death; list, info and top show what was done and what is missing
# timeout: 150
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/cli.sh"

requires ublk ublk-fault ublk-null jq blkdiscard
img=$SCRATCH/counted.img
truncate -s 32M "$img"
cleanup rm -f "$img"

top_json() { ublk top --json >top.json; }
total() { jq ".devices[0].total.$1" top.json; }

note "what dd does is what is counted"
ublk add fault loop --file "$img" --id 0 --name 'a "b"' --latency \
	--fault "stall,op=discard,once=$SCRATCH/stalled"
cleanup rm -f "$SCRATCH/stalled"
server=$(ublk info 0 --json | jq .server_pid)
dd if=/dev/urandom of=/dev/ublkb0 bs=64k count=32 oflag=direct conv=fsync status=none
udev_settled	# it reads what somebody has written to
top_json
reads=$(total kinds.read.ops)
dd if=/dev/ublkb0 of=/dev/null bs=16k count=100 iflag=direct status=none
top_json
[ "$(total kinds.write.ops)" = 32 ] || fail "$(total kinds.write.ops) writes, not 32"
[ "$(total kinds.write.bytes)" = $((32 * 65536)) ] || fail "$(total kinds.write.bytes) bytes"
[ "$(total kinds.read.ops)" = $((reads + 100)) ] || fail "$(total kinds.read.ops) - $reads reads"
json top.json '.devices[0] | .latency_every == 1 and .total.kinds.write.measured == 32 and
	.total.kinds.write.p99_ns > 1000 and .in_flight == 0 and .restarts == 0 and .iops >= 0'
[ "$(stat -c %a "${UBLK_RUN_DIR:-/run/ublk}/0.stats")" = 644 ] || fail "mode of the file"

note "a server dies with requests: seen as waiting, then as left behind"
run_bg discard blkdiscard -o 0 -l 4096 /dev/ublkb0
wait_for 20 eval '[ "$(ublk info 0 --json | jq .in_server)" = 1 ]'
kill -KILL "$server"
ublk wait 0 quiesced --timeout 30
wait_for 20 eval '[ "$(ublk info 0 --json | jq .waiting)" -gt 0 ]'
sleep 1
ublk list | tee list
grep -q '^ *0  QUIESCED .* 32 MiB  1x128  *-  *[1-9]' list || fail "no request in flight is listed"
ublk info 0 --json >info.json
json info.json '.in_flight == 1 and .restarts == 0 and .unserved_ms >= 900 and .state_ms >= 900 and .fenced'
ublk recover 0
wait_bg discard
top_json
[ "$(total kinds.write.ops)" = 32 ] || fail "the counters did not go on: $(cat top.json)"
json top.json '.devices[0] | .restarts == 1 and .unserved_ms >= 900 and .state == "LIVE" and
	.total.left_behind == 1 and .total.in_server == 0 and .total.kinds.discard.ops == 1'

note "one table, and Prometheus' text in its format"
ublk add null --id 1 >/dev/null
ublk top >table
grep -q '^ *0 LIVE .* a "b"$' table || fail "$(cat table)"
[ "$(wc -l <table)" = 3 ] || fail "$(cat table)"
ublk top --prometheus >metrics
grep -qF 'name="a \"b\"",target="loop"' metrics || fail "label: $(grep info metrics)"
grep -qx 'ublk_requests_total{id="0",queue="0",op="write"} 32' metrics || fail "$(cat metrics)"
grep -qx 'ublk_restarts_total{id="0"} 1' metrics || fail "$(grep restarts metrics)"
awk '
	/^# HELP / { if ($3 in seen) bad("twice"); seen[$3] = 1; now = $3; typed = 0; next }
	/^# TYPE / { if ($3 != now || $4 !~ /^(counter|gauge|histogram)$/) bad("type"); typed = 1; next }
	!/^[a-z_]+\{([a-z]+="([^"\\]|\\["\\n])*",?)+\} [0-9.e+-]+$/ { bad("syntax") }
	{ name = $0; sub(/\{.*/, "", name); sub(/_(bucket|sum|count)$/, "", name)
	  if (!typed || name != now) bad("stray"); n++ }
	function bad(why) { print why ": " $0; status = 1 }
	END { exit status || n < 40 }' metrics || fail "not Prometheus' format"

note "on a terminal: drawn again and again, q ends it, the terminal is as it was"
requires script
(sleep 3; printf 'i'; sleep 1.5; printf q; sleep 1) |
	TERM=xterm bounded 20 script -qec 'stty -a >before; ublk top; stty -a >after' typescript >/dev/null
cmp before after
grep -q 'by IOPS' typescript || fail "the key was not taken"
grep -q '\[?1049l' typescript || fail "the screen was left as it is"

ublk del 1
ublk del 0
[ ! -e "${UBLK_RUN_DIR:-/run/ublk}/0.stats" ] || fail "the counters are still there"
ublk top >table
[ "$(wc -l <table)" = 1 ] || fail "$(cat table)"
