# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: two devices, one sick: the other serves, and control commands do not wait for the sick one
# covers: B8
# timeout: 240
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

param stop_timeout_ms 20000
serve sick --id 0 --depth 4 --recovery reissue --do stall@usr1
serve well --id 1 --depth 16 --size 16M --recovery reissue
usr1 sick
run_bg held write_block 0 1
saw sick '^HELD'
run_bg io become_server io.out ublk-io --file /dev/ublkb1 --size 8M --depth 16 --until stop
saw io '^RUNNING'

# a STOP of the sick one takes its 20 s
run_bg stop ublk-ctl stop --id 0 --timeout 100
wait_for 20 grep -qE '^stoppers: [1-9]' "$DEBUG/0/device"

others()
{
	local n
	for n in 1 2 3; do
		serve third --id 2 --depth 4 --recovery reissue
		dd if=/dev/zero of=/dev/ublkb2 bs=4k count=16 oflag=direct conv=nocreat status=none
		kill_server third
		wait_state 2 QUIESCED
		serve third --id 2 --takeover
		dd if=/dev/zero of=/dev/ublkb2 bs=4k count=16 oflag=direct conv=nocreat status=none
		stop_ends 2
		wait_bg third
		ctl OK info --id 0
	done
}
before=$(counter 1 committed)
others
is_running stop || note "the STOP of the sick device was over before the others were done"
[ "$(counter 1 committed)" -gt "$before" ] || fail "the healthy device stood still"
touch stop
wait_bg io
cat io.out
wait_bg stop
fails held
del_ends 0
kill_server sick
stop_ends 1
wait_bg well
