# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a system with our packages boots, has the module, serves a device with its links; purge leaves nothing
# timeout: 300
# tier: full
# init: package
# reboots: 1
. "$UBLK_TESTS/vm/lib.sh"

PACKAGES=(ublk-dkms ublk libublk0 ublk-targets)

up()
{
	bounded 120 systemctl --quiet is-system-running --wait ||
		{ systemctl --failed --no-pager; fail "not all units are up"; }
}

links_lead_to()
{
	local link
	for link in ublk-my_disk "ublk-$UUID"; do
		[ "$(readlink -f "/dev/disk/by-id/$link")" = "$1" ] || return 1
	done
}
no_links() { ! compgen -G "/dev/disk/by-id/ublk-*" >/dev/null; }

# ---- the second boot: they are gone

if [ "$UBLK_PHASE" = 2 ]; then
	up
	[ ! -d /sys/module/ublk_drv ] || fail "something loaded ublk_drv"
	! modinfo ublk_drv 2>/dev/null | grep updates || fail "dkms's module is still there"
	exit 0
fi

# ---- the first boot after apt install

up
[ -d /sys/module/ublk_drv ] || fail "nothing has loaded ublk_drv"
modinfo -n ublk_drv | grep "^/lib/modules/$(uname -r)/updates/dkms/" || fail "another ublk_drv"
for package in "${PACKAGES[@]}"; do
	note "$(dpkg-query -W -f '${Package} ${Version} ${db:Status-Status}' "$package")"
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$package")" = installed ] || fail "$package"
done
[ "$(command -v ublk)" = /usr/bin/ublk ] || fail "ublk is $(command -v ublk)"
ublk doctor || fail "ublk doctor has found something"
for page in man8/ublk.8 man8/ublk-loop.8 man4/ublk_drv.4; do
	[ -s "/usr/share/man/$page.gz" ] || fail "no page $page"
done

truncate -s 64M disk.img
ublk add loop --file disk.img --recovery reissue --name my_disk
UUID=$(ublk info 0 --json | jq -r .uuid)
udev_settled
links_lead_to /dev/ublkb0 || fail "by-id has: $(ls -l /dev/disk/by-id)"
mkfs.ext4 -q "/dev/disk/by-id/ublk-my_disk"
mkdir mnt
mount /dev/disk/by-id/ublk-my_disk mnt
echo kept >mnt/file

server=$(ublk info 0 --json | jq .server_pid)
kill -KILL "$server"
wait_state 0 QUIESCED
ublk recover 0
udev_settled
links_lead_to /dev/ublkb0 || fail "by-id after a takeover has: $(ls -l /dev/disk/by-id)"
umount mnt
mount /dev/disk/by-id/ublk-my_disk mnt
[ "$(cat mnt/file)" = kept ] || fail "the file is gone"
umount mnt

# A stale record is not believed: the number is another device's now.
cp /run/ublk/0 old
ublk del 0
udev_settled
no_links || fail "links of a device that is gone: $(ls -l /dev/disk/by-id)"
truncate -s 32M other.img
ublk add loop --file other.img
cp /run/ublk/0 new
cat old >/run/ublk/0
udevadm trigger --settle --action=change /dev/ublkb0
no_links || fail "links by another device's record: $(ls -l /dev/disk/by-id)"
cat new >/run/ublk/0
udevadm trigger --settle --action=change /dev/ublkb0
UUID=$(ublk info 0 --json | jq -r .uuid)
[ "$(readlink -f "/dev/disk/by-id/ublk-$UUID")" = /dev/ublkb0 ] || fail "no link by UUID"

ublk del 0

# The installed rule gives an ordinary user's device to the user.
echo 'KERNEL=="ublk-control", GROUP="users", MODE="0660"' >/etc/udev/rules.d/61-ublk-users.rules
udevadm control --reload
udevadm trigger --settle /dev/ublk-control
install -d -m 700 -o 1001 -g 1001 /run/user/1001
u1() { env XDG_RUNTIME_DIR=/run/user/1001 setpriv --reuid 1001 --regid 1001 --groups 100 "$@"; }
u1 ublk add --user mem --size 16M
u1 dd if=/dev/zero of=/dev/ublkb0 bs=64k count=4 oflag=direct status=none
[ "$(stat -c %u /dev/ublkc0 /dev/ublkb0 | xargs)" = "1001 1001" ] || fail "$(ls -l /dev/ublk*)"
u1 ublk del 0
rm -r /run/user/1001	# as a logout does
rm /etc/udev/rules.d/61-ublk-users.rules

# Removed, and purged: a module without devices goes with its package.
apt-get -q -y remove ublk-dkms
[ ! -d /sys/module/ublk_drv ] || fail "the module is still loaded"
apt-get -q -y purge "${PACKAGES[@]}"
hash -r
! command -v ublk ublk-loop || fail "programs are left"
# What is the harness's, or the kernel's own.
find / -xdev -path /root/packages -prune -o -name '*ublk*' -print |
	grep -vE '^(/opt/ublk|(/usr)?/sbin/ublk-init|/var/log/)' |
	grep -vE '^(/usr)?(/src/linux-headers-|/lib/modules/[^/]*/kernel/)' >left || true
find /run /dev -name '*ublk*' | grep -vE '^/run/ublk-(job|out)|^/run/systemd/|virtio-ports' >>left || true
[ ! -s left ] || fail "purge leaves: $(cat left)"
result "$(. /etc/os-release && echo "$PRETTY_NAME"): installed, booted, served, purged"
reboot_guest
