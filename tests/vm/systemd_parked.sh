# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: reboot(2) ends with I/O parked for a server that is gone, below md, whose notifier waits for it
# timeout: 120
# tier: full
# init: systemd
# reboots: 1
# kernels: 7.3
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/cli.sh"

[ "$UBLK_PHASE" = 1 ] || {
	result "reboot with parked I/O: down in $UBLK_DOWN_SECONDS s"
	exit 0
}
requires mdadm ublk ublk-loop jq perl
# Whoever is there first is notified first; the initrd brings md along.
modprobe -r raid456 raid10 raid1 raid0 linear multipath md_mod 2>/dev/null || true
[ ! -d /sys/module/md_mod ] || skip "md is there before us, and so is its notifier"
mkdir -p /run/udev/rules.d
ln -sf /dev/null /run/udev/rules.d/64-md-raid-assembly.rules
echo 'KERNEL=="ublkb*", OPTIONS+="nowatch"' >/run/udev/rules.d/99-ublk-test.rules
udevadm control --reload

for id in 0 1; do
	truncate -s 32M "$SCRATCH/leg$id"
	ublk add loop --file "$SCRATCH/leg$id" --id "$id" --recovery reissue
done
mdadm -q --create /dev/md9 --run --assume-clean --level=1 --raid-devices=2 --metadata=1.0 \
	--homehost=any /dev/ublkb0 /dev/ublkb1 </dev/null
udev_settled
# It stays dirty, so that its notifier has to write that it is clean.
echo 600 >/sys/block/md9/md/safe_mode_delay
dd if=/dev/urandom of=/dev/md9 bs=4k count=16 oflag=direct status=none
[ "$(cat /sys/block/md9/md/array_state)" = active ] || fail "$(cat /sys/block/md9/md/array_state)"
kill -KILL "$(ublk info 0 --json | jq .server_pid)"
wait_state 0 QUIESCED
dd if=/dev/ublkb0 of=/dev/null bs=4k count=1 iflag=direct status=none &
parked() { [ "$(sed -n 's/^parked_now: *//p' /sys/kernel/debug/ublk/0/*)" -gt 0 ]; }
wait_for 30 parked
# No sync, nobody is asked: what hangs from here on hangs in the kernel.
reboot_guest perl -e 'syscall(169, 0xfee1dead, 672274793, 0x1234567, 0)'
