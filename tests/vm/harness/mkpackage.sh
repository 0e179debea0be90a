#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# What needs root on the host for the packages: a root to build them in, one to install them in.
#
#   mkpackage.sh root OUT RELEASE MIRRORS APTCONF PACKAGE..        OUT: a directory
#   mkpackage.sh packages OUT ROOT SOURCE OWNER                    OUT: *.deb and lintian.log
#   mkpackage.sh stock OUT RELEASE MIRRORS PINS APTCONF KVER PACKAGE..      OUT: a directory
#   mkpackage.sh installed OUT STOCK KVER PACKAGES OWNER           OUT: root.img, vmlinuz, initrd
set -euo pipefail

make_root()
{
	local out=$1 release=$2 mirrors=$3 conf=$4 include
	shift 4
	include=$(IFS=,; echo "$*")
	mmdebstrap --mode=root --variant=buildd --include="$include" --aptopt="$conf" \
		--aptopt='APT::Install-Recommends "false"' "$release" "$out" - <"$mirrors"
}

in_root()
{
	local root=$1
	shift
	chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
		DEBIAN_FRONTEND=noninteractive "$@"
}

# changed ROOT WORK: ROOT as WORK/root, where it may be changed.
changed()
{
	mkdir -p "$2/upper" "$2/work" "$2/root"
	mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root" \
		2>/dev/null || cp -a --reflink=auto "$1/." "$2/root/"
	mount -t proc proc "$2/root/proc"
	mount -t tmpfs tmpfs "$2/root/tmp"
}

make_packages()
{
	local out=$1 root=$1.work/root
	changed "$2" "$1.work"
	mkdir -p "$root/build/ublk"
	cp -r "$3/." "$root/build/ublk/"
	# Nobody's network is needed, or used.
	in_root "$root" DEB_BUILD_OPTIONS="parallel=$(nproc)" sh -ec '
		cd /build/ublk
		dpkg-buildpackage -b -us -uc'
	mkdir -p "$out"
	# Errors are ours to mend; all else is there to be read.
	in_root "$root" sh -c 'cd /build && lintian --allow-root --tag-display-limit 0 -I \
		--fail-on error ./*.changes' >"$out/lintian.log" 2>&1 || {
		cat "$out/lintian.log"
		exit 1
	}
	echo "lintian: $(grep -c "^E:" "$out/lintian.log") errors," \
		"$(grep -c "^W:" "$out/lintian.log") warnings" >>"$out/lintian.log" || :
	cp "$root"/build/*.deb "$root"/build/*.changes "$root"/build/*.buildinfo "$out/"
	rm -f "$out"/*-dbgsym_*
	check_library "$root"
	chown -R "$4" "$out"
}

# What a program outside the tree finds, in a root in which nothing but the packages was installed.
check_library()
{
	local root=$1
	in_root "$root" sh -ec '
		dpkg -i /build/libublk0_*.deb /build/libublk-dev_*.deb
		mkdir /build/outside && cd /build/outside
		cp /build/ublk/tests/unit/outside.c .
		cc -o by-pkg-config outside.c $(pkg-config --cflags --libs ublk)
		./by-pkg-config
		cc -static-libgcc -o by-archive outside.c -l:libublk.a $(pkg-config --static \
			--libs ublk | sed "s/-lublk //")
		./by-archive
		printf "%s\n" "cmake_minimum_required(VERSION 3.20)" "project(outside C)" \
			"find_package(ublk REQUIRED)" "add_executable(by-cmake outside.c)" \
			"target_link_libraries(by-cmake ublk::ublk)" >CMakeLists.txt
		cmake -S . -B out >/dev/null && cmake --build out >/dev/null
		out/by-cmake
		for page in libublk ublk_serve; do man -w 3 $page; done
		ldd by-pkg-config | grep "libublk.so.0 => /.*/lib"'
}

# A user's system: Debian, and a kernel with its headers.
make_stock()
{
	local out=$1 release=$2 mirrors=$3 pins=$4 conf=$5 kver=$6 include
	shift 6
	include=$(IFS=,; echo "linux-image-$kver,linux-headers-$kver,$*")
	mmdebstrap --mode=root --variant=minbase --include="$include" \
		--aptopt='APT::Install-Recommends "false"' --aptopt="$conf" \
		--setup-hook='mkdir -p "$1/etc/apt/preferences.d"' \
		--setup-hook="cp '$pins' \"\$1/etc/apt/preferences.d/kernel\"" \
		"$release" "$out" - <"$mirrors"
	test -e "$out/boot/vmlinuz-$kver" || cp "$out/usr/lib/modules/$kver/vmlinuz" \
		"$out/boot/vmlinuz-$kver"
	test -e "$out/boot/initrd.img-$kver" || in_root "$out" update-initramfs -c -k "$kver"
	chmod 755 "$out"
}

# The packages in it, as a user installs them; what they need comes from the mirror.
make_installed()
{
	local out=$1 kver=$3 packages=$4 owner=$5 root=$1.work/root
	changed "$2" "$1.work"
	cp /etc/resolv.conf "$root/etc/resolv.conf"
	mkdir "$root/root/packages"
	cp "$packages"/*.deb "$root/root/packages/"
	in_root "$root" sh -ec '
		apt-get -q update
		cd /root/packages
		apt-get -q -y install ./ublk-dkms_*.deb ./ublk_*.deb ./libublk0_*.deb ./ublk-targets_*.deb
		dkms status
		modinfo -k "$0" -n ublk_drv | grep "^/lib/modules/$0/updates/dkms/"' "$kver"
	# The harness starts its guests by this name.
	install -m 755 "$(dirname "$(readlink -f "$0")")/guest/ublk-init" "$root/sbin/ublk-init"
	echo ublk >"$root/etc/hostname"
	umount "$root/tmp" "$root/proc"
	mkdir -p "$out"
	cp "$root/boot/vmlinuz-$kver" "$out/vmlinuz"
	cp "$root/boot/initrd.img-$kver" "$out/initrd"
	mke2fs -q -t ext4 -E lazy_itable_init=1,lazy_journal_init=1 -d "$root" "$out/root.img" 3G
	chown -R "$owner" "$out"
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
root)		make_root "$@" ;;
packages)	apart "$1.work" make-packages "$@" ;;
make-packages)	make_packages "$@" ;;
stock)		make_stock "$@" ;;
installed)	apart "$1.work" make-installed "$@" ;;
make-installed)	make_installed "$@" ;;
*)		exit 2 ;;
esac
