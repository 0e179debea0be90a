# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: reboot and poweroff under load, file system mounted: down in time, clean, back by itself
# timeout: 180
# init: systemd
# reboots: 2
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/cli.sh"
. "$UBLK_TESTS/vm/units.sh"

requires ublk ublk-loop jq fio
img=/var/lib/unit.img

load()
{
	systemd-run --quiet --unit=load fio --name=load --directory=/mnt/data --rw=randrw --bs=16k \
		--size=16M --nrfiles=4 --fsync=8 --ioengine=psync --time_based --runtime=600
	wait_for 60 eval '[ "$(cat /sys/block/ublkb0/stat | awk "{ print \$5 }")" -gt 50 ]'
	dd if=/dev/urandom of=/mnt/data/kept bs=64k count=16 conv=fsync status=none
	sha256sum /mnt/data/kept >/root/kept.sum
}

# As it was left, and that in order: no journal to play back, on the device and on the root.
was_clean()
{
	[ "$UBLK_DOWN_SECONDS" -lt 180 ] || fail "going down took $UBLK_DOWN_SECONDS s"
	wait_for 60 mountpoint -q /mnt/data
	! dmesg | grep -E 'EXT4-fs \((ublkb0|vda)\): (recovery complete|.*orphan)' ||
		fail "a file system was not unmounted in order"
	sha256sum --quiet -c /root/kept.sum
}

case $UBLK_PHASE in
1)
	units_install
	truncate -s 128M "$img"
	unit_conf 0 "target = loop" "file = $img" "recovery = reissue" supervise oom-protect
	systemctl enable -q --now ublk@0.service
	mkfs.ext4 -q /dev/ublkb0
	mkdir -p /mnt/data
	echo '/dev/ublkb0 /mnt/data ext4 nofail 0 0' >>/etc/fstab
	systemctl daemon-reload
	systemctl start mnt-data.mount
	load
	reboot_guest systemctl reboot
	;;
2)
	was_clean
	result "reboot under load: down in $UBLK_DOWN_SECONDS s"
	load
	reboot_guest systemctl poweroff
	;;
3)
	was_clean
	result "poweroff under load: down in $UBLK_DOWN_SECONDS s"
	systemctl stop mnt-data.mount
	e2fsck -fn /dev/ublkb0 >fsck.out 2>&1 || fail "fsck: $(cat fsck.out)"
	sed -i '/ublkb0/d' /etc/fstab
	systemctl disable -q --now ublk@0.service
	;;
esac
