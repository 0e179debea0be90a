# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: partitions appear; a scan ends when the server dies in it or the device is stopped (B10)
# covers: B10
# timeout: 150
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

truncate -s 16M f
sfdisk --quiet f <<<$'label: dos\nsize=4M\nsize=2M\n'
FILE=(--file "$PWD/f" --size 16M)

partitions() { find /sys/block/ublkb0/ -maxdepth 1 -name 'ublkb0p*' 2>/dev/null | wc -l; }
partitions_are() { [ "$(partitions)" = "$1" ]; }

note "partitions appear by themselves"
serve srv --id 0 "${FILE[@]}"
wait_for 30 partitions_are 2
[ "$(cat /sys/block/ublkb0/ublkb0p1/size)" = 8192 ] || fail "size of the first partition"
wait_for 20 test -b /dev/ublkb0p2
stop_ends 0
wait_bg srv

note "NO_AUTO_PART_SCAN: only when asked"
serve srv --id 0 "${FILE[@]}" --flags no-part-scan
requests=$(counter 0 committed)
udev_settled 20
partitions_are 0 || fail "partitions without a scan"
blockdev --rereadpt /dev/ublkb0
wait_for 20 partitions_are 2
[ "$(counter 0 committed)" -gt "$requests" ] || fail "a scan that reads nothing"
stop_ends 0
wait_bg srv

note "the server dies during the scan; its successor finishes it"
run_bg srv become_server srv.out ublk-raw-server --id 0 "${FILE[@]}" --recovery plain \
	--do stall@request:1
saw srv '^READY '
saw srv '^HELD '
partitions_are 0 || fail "partitions before anything could be read"
kill_server srv
wait_state 0 QUIESCED
# the read that it held failed, the rest of the scan waits
serve srv --id 0 --takeover "${FILE[@]}"
blockdev --rereadpt /dev/ublkb0
wait_for 30 partitions_are 2
stop_ends 0
wait_bg srv

note "the same with REISSUE: the scan just goes on"
run_bg srv become_server srv.out ublk-raw-server --id 0 "${FILE[@]}" --recovery reissue \
	--do stall@request:1
saw srv '^HELD '
kill_server srv
wait_state 0 QUIESCED
serve srv --id 0 --takeover "${FILE[@]}"
wait_for 30 partitions_are 2
stop_ends 0
wait_bg srv

note "the server dies during the scan, recovery off"
run_bg srv become_server srv.out ublk-raw-server --id 0 "${FILE[@]}" --do stall@request:1
saw srv '^HELD '
kill_server srv
wait_state 0 DEAD
stop_ends 0

param stop_timeout_ms 1000
for recovery in off reissue; do
	note "STOP during the scan, server alive but stuck, recovery $recovery"
	run_bg srv become_server srv.out ublk-raw-server --id 0 "${FILE[@]}" \
		--recovery "$recovery" --do stall@request:1
	saw srv '^HELD '
	stop_ends 0
	kill_bg srv TERM
	wait_bg srv any
done

note "STOP while a scan waits for a server to come"
run_bg srv become_server srv.out ublk-raw-server --id 0 "${FILE[@]}" --recovery reissue \
	--do die@request:1
wait_bg srv 137
wait_state 0 QUIESCED
stop_ends 0
