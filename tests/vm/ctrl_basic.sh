# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: each control command does what it says, with encoded and with legacy numbers
# covers: C19
# timeout: 150
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

is() { [ "$(answer "$1")" = "$2" ] || fail "$1=$(answer "$1"), expected $2"; }

# udev has looked at the disk and closed it
settled() { udev_settled 10; }

for legacy in "" --legacy; do
	[ -n "$legacy" ] || ctl OK features
	[ -n "$legacy" ] || [[ $(answer features_names) == *recovery*reissue*user-copy*fail-io* ]] ||
		fail "features: $(answer features_names)"
	ctl OK add --id 3 --queues 1 --depth 8 --flags recovery,reissue,quiesce $legacy
	is dev_id 3
	is queue_depth 8
	[[ $(answer dev_flags_names) == *recovery,reissue*quiesce* ]] || fail "$(answer dev_flags_names)"
	# what this driver cannot do is not granted
	[[ $(answer dev_flags_names) != *zero-copy* ]] || fail "zero copy was granted"
	ctl OK info --id 3 $legacy
	is state_name DEAD
	is pid -1
	ctl OK info2 --id 3 --path /dev/ublkc3 $legacy
	is dev_id 3
	ctl OK affinity --id 3 --queue 0 $legacy
	is cpus "$(seq -s, 0 $(($(nproc) - 1)))"
	ctl OK set-params --id 3 --size 8M --bs-shift 12 --param attrs=5 $legacy
	ctl OK get-params --id 3 $legacy
	is dev_sectors 16384
	is logical_bs_shift 12
	is char_minor 3

	# the server leaves START to us
	serve_until '^FETCHED' srv --id 3 --no-add --no-start
	ctl OK start --id 3 --pid "$BG_srv" $legacy
	ctl OK info --id 3 $legacy
	is state_name LIVE
	is pid "$BG_srv"
	ctl OK get-params --id 3 $legacy
	is disk_major "$((16#$(stat -c %t /dev/ublkb3)))"
	is disk_minor "$((16#$(stat -c %T /dev/ublkb3)))"
	[ "$(blockdev --getsize64 /dev/ublkb3)" = 8388608 ] || fail "size"
	[ "$(blockdev --getss /dev/ublkb3)" = 4096 ] || fail "block size"
	[ "$(blockdev --getro /dev/ublkb3)" = 1 ] || fail "not read only"
	ctl OK update-size --id 3 --sectors 32768 $legacy
	[ "$(blockdev --getsize64 /dev/ublkb3)" = 16777216 ] || fail "size after UPDATE_SIZE"

	# recovery by single commands
	kill_server srv
	wait_state 3 QUIESCED
	ctl OK info --id 3 $legacy
	is state_name QUIESCED
	ctl OK start-recovery --id 3 $legacy
	serve_until '^FETCHED' srv --id 3 --takeover --no-start
	ctl OK end-recovery --id 3 --pid "$BG_srv" $legacy
	ctl OK info --id 3 $legacy
	is state_name LIVE
	is pid "$BG_srv"

	# an idle server is asked to hand over; its commands come back and it leaves
	ctl OK quiesce --id 3 --wait-ms 20000 $legacy
	wait_bg srv
	wait_state 3 QUIESCED
	serve srv --id 3 --takeover
	wait_for 30 settled
	ctl OK try-stop --id 3 $legacy
	is_stopped=$(state_of 3)
	[ "$is_stopped" = DEAD ] || fail "state $is_stopped after TRY_STOP"
	wait_bg srv
	ctl OK stop --id 3 $legacy
	ctl OK del-async --id 3 $legacy
	ctl ENODEV info --id 3 $legacy
done
# any id, and its own
ctl OK add
id=$(answer dev_id)
ctl EEXIST add --id "$id"
ctl OK del --id "$id"
