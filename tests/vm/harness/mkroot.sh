#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# What needs root on the host, and only that: making a Debian root, installing the module in it.
#
#   mkroot.sh base OUT RELEASE MIRRORS PINS APTCONF KVER PACKAGE..     OUT: a directory
#   mkroot.sh module OUT BASE SOURCE OWNER           OUT: an ext4 image
#   mkroot.sh build BASE SOURCE WORK                 in place, log in SOURCE/build.log
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")

make_base()
{
	local out=$1 release=$2 mirrors=$3 pins=$4 conf=$5 kver=$6 include
	shift 6
	include=$(IFS=,; echo "linux-image-$kver,linux-headers-$kver,$*")
	mmdebstrap --mode=root --variant=minbase --include="$include" \
		--aptopt='APT::Install-Recommends "false"' \
		--aptopt="$conf" \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--setup-hook='mkdir -p "$1/etc/apt/preferences.d"' \
		--setup-hook="cp '$pins' \"\$1/etc/apt/preferences.d/kernel\"" \
		"$release" "$out" - <"$mirrors"
	install -m 755 "$here/guest/ublk-init" "$out/sbin/ublk-init"
	# Two kernels in one root would make every later step ambiguous.
	test "$(cd "$out/lib/modules" && echo *)" = "$kver"
	# From 7.2 on it is the modules' directory that has it.
	test -e "$out/boot/vmlinuz-$kver" ||
		cp "$out/usr/lib/modules/$kver/vmlinuz" "$out/boot/vmlinuz-$kver"
	test -e "$out/boot/initrd.img-$kver" || chroot "$out" update-initramfs -c -k "$kver"
	echo "$kver" >"$out/etc/ublk-kernel"
	echo ublk >"$out/etc/hostname"
	echo "127.0.0.1 localhost ublk" >"$out/etc/hosts"
	# A plain user has to be able to hand these to QEMU.
	chmod 755 "$out"
	chmod 644 "$out/boot/vmlinuz-$kver" "$out/boot/initrd.img-$kver"
}

# Everything below runs in a mount and pid namespace of its own: whatever is mounted or started
# here ends with it.

# writable_copy BASE WORK: mounts (or copies) BASE at WORK/root, where it may be changed.
writable_copy()
{
	local base=$1 work=$2
	mkdir -p "$work/upper" "$work/work" "$work/root"
	mount -t overlay overlay \
		-o "lowerdir=$base,upperdir=$work/upper,workdir=$work/work" "$work/root" \
		2>/dev/null && return
	# No overlayfs here, or not on this file system.
	cp -a --reflink=auto "$base/." "$work/root/"
}

# What a user does, in the order in which dkms(8) wants it.
dkms_install()
{
	local root=$1 kver=$2 version=$3 step
	mount -t proc proc "$root/proc"
	mount -t tmpfs tmpfs "$root/tmp"
	for step in add build install; do
		chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
			LANG=C.UTF-8 dkms "$step" "ublk/$version" -k "$kver" || {
			cat "$root/var/lib/dkms/ublk/$version/build/make.log" 2>/dev/null
			exit 1
		}
	done
	# What modprobe will find has to be ours, not one of the kernel's.
	chroot "$root" modinfo -k "$kver" -n ublk_drv | grep "^/lib/modules/$kver/updates/dkms/"
	umount "$root/tmp" "$root/proc"
}

make_image()
{
	local out=$1 base=$2 source=$3 owner=$4 root=$1.work/root kver version
	kver=$(cat "$base/etc/ublk-kernel")
	version=$(set +u; . "$source/dkms.conf" >/dev/null; echo "$PACKAGE_VERSION")
	writable_copy "$base" "$out.work"
	mkdir "$root/usr/src/ublk-$version"
	cp -r "$source/." "$root/usr/src/ublk-$version/"
	dkms_install "$root" "$kver" "$version"
	mke2fs -q -t ext4 -E lazy_itable_init=1,lazy_journal_init=1 -d "$root" "$out" 3G
	chown "$owner" "$out"
}

# As a developer does: make in the tree, which is somewhere else.
make_module()
{
	local base=$1 source=$2 work=$3 root=$3/root kver dir
	kver=$(cat "$base/etc/ublk-kernel")
	writable_copy "$base" "$work"
	mount --bind "$source" "$root/mnt"
	mount -t proc proc "$root/proc"
	mount -t tmpfs tmpfs "$root/tmp"
	# The host's will do: it needs nothing but a C library of its age. 0.6.4 does not know
	# __typeof_unqual__, which headers of 7.x use.
	cp "$(command -v sparse)" "$root/usr/bin/sparse"
	# Debian's headers of 7.x lack the script that asks whether sparse works.
	for dir in "$root"/usr/src/linux-headers-*-common/scripts; do
		[ -e "$dir/checker-valid.sh" ] || {
			printf '#!/bin/sh\necho 1\n' >"$dir/checker-valid.sh"
			chmod +x "$dir/checker-valid.sh"
		}
	done
	chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
		make -C /mnt/module "KDIR=/lib/modules/$kver/build" W=1 C=2 \
		"CHECK=sparse -D__typeof_unqual__=__typeof__" modules 2>&1 |
		tee "$source/build.log"
}

# apart WORK VERB ARG..: in namespaces of its own, and nothing left of WORK
apart()
{
	local work=$1 status=0
	shift
	unshare --mount --propagation private --pid --fork --kill-child \
		"$BASH" "$0" "$@" || status=$?
	rm -rf -- "$work"
	return "$status"
}

verb=$1
shift
case $verb in
base)	make_base "$@" ;;
module)	apart "$1.work" image "$@" ;;
image)	make_image "$@" ;;
build)	apart "$3" make "$@" ;;
make)	make_module "$@" ;;
*)	exit 2 ;;
esac
