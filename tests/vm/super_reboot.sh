# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: reboot -f ends with I/O parked for a server that is gone, also below md, which waits for it
# timeout: 100
# kernels: 7.3
# expect: died
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/stack.sh"

requires mdadm
# A guest that panics, instead of rebooting, must not look like one that went down in order.
echo 0 >/proc/sys/kernel/panic
echo 0 >/proc/sys/kernel/panic_on_oops

mkdir -p /run/udev/rules.d
ln -sf /dev/null /run/udev/rules.d/64-md-raid-assembly.rules
udevadm control --reload
unwatched

# Whoever loads md after us is notified after us.
[ ! -d /sys/module/md_mod ] || skip "md is in this kernel or loaded: its notifier comes first"
leg 0 --recovery reissue
leg 1 --recovery reissue
mdadm -q --create /dev/md9 --run --assume-clean --level=1 --raid-devices=2 --metadata=1.0 \
	--homehost=any /dev/ublkb0 /dev/ublkb1 </dev/null
udev_settled
# the array is dirty: md's notifier will want to write that it is clean
echo 3600 >/sys/block/md9/md/safe_mode_delay
dd if=/dev/zero of=/dev/md9 bs=4k count=16 oflag=direct status=none
leg_dies 0
dd if=/dev/ublkb0 of=/dev/null bs=4k count=1 iflag=direct status=none &
parked() { [ "$(sed -n 's/^parked: *//p' "$DEBUG/0/device")" -gt 0 ]; }
wait_for 30 parked
note "parked: it hangs here, or it ends"
# 0x1234567: at once, no sync, no service is asked
python=$(command -v perl)
[ -n "$python" ] || skip "no perl to call reboot(2) with"
perl -e 'syscall(169, 0xfee1dead, 672274793, 0x1234567, 0)'
sleep 1000
