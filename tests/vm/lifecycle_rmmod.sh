# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: the module stays while there is a device, in whatever state, and goes afterwards
# covers: B15
# timeout: 100
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

refused()
{
	! rmmod ublk_drv 2>rmmod.err || fail "rmmod with $1"
	grep -q 'in use' rmmod.err || fail "rmmod with $1: $(cat rmmod.err)"
}

unloads()
{
	# whoever held it last may be just about to let go
	wait_for 20 rmmod ublk_drv 2>/dev/null
	[ ! -e /dev/ublk-control ] || fail "/dev/ublk-control after rmmod"
	[ ! -e /sys/kernel/debug/ublk ] || fail "debugfs after rmmod"
	modprobe ublk_drv
}

ctl OK add --id 0
refused "a device that never started"
ctl OK del --id 0
unloads

serve srv --id 0 --recovery plain --size 8M
refused "a device LIVE"
run_bg load ublk-io --file /dev/ublkb0 --size 4M --depth 8 --until "$PWD/over"
refused "I/O under way"
touch over
wait_bg load
# not later: udev, which looks at what was written, may get stuck in it with the open mutex
exec 5</dev/ublkb0
kill_server srv
wait_state 0 QUIESCED
refused "a device QUIESCED"
ctl OK stop --id 0
refused "a device DEAD"
ctl OK del-async --id 0
refused "a disk that is still open"
exec 5<&-
unloads

# the last to hold on may be a child that a dead server left behind
serve srv --id 0 --recovery plain --size 8M --inherit --do fork@usr1
usr1 srv
child=$(child_of srv)
kill_server srv
wait_state 0 QUIESCED
ctl OK del --id 0
refused "a descriptor leaked to a child"
kill -KILL "$child"
unloads
