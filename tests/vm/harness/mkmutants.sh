#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# Mutants of the module, built in a root: what of this needs root on the host.
#
#   mkmutants.sh apart BASE DIR OUT WORK     DIR: source/ and patches; OUT: NAME.ko each, or a log
set -euo pipefail

# All of it but its verbs
# shellcheck source=/dev/null
. <(sed '/^verb=/,$d' "$(dirname "$(readlink -f "$0")")/mkroot.sh")

# A mutant of the module after the other, in one tree: only what a patch touches is built again.
make_mutants()
{
	local base=$1 dir=$2 out=$3 work=$4 root=$4/root kver f name build
	kver=$(cat "$base/etc/ublk-kernel")
	writable_copy "$base" "$work"
	mount --bind "$dir/source" "$root/mnt"
	mount -t proc proc "$root/proc"
	mount -t tmpfs tmpfs "$root/tmp"
	build=(chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
		LANG=C.UTF-8 make -s -j "$(nproc)" -C /mnt/module "KDIR=/lib/modules/$kver/build" modules)
	"${build[@]}" >/dev/null
	for f in "$dir"/*.patch; do
		name=$(basename "$f" .patch)
		rm -f "$dir/source/module/ublk_drv.ko"
		if patch -s -p1 -d "$dir/source" <"$f" >"$out/$name.log" 2>&1 &&
			"${build[@]}" >>"$out/$name.log" 2>&1; then
			cp "$dir/source/module/ublk_drv.ko" "$out/$name.ko"
			strip -g "$out/$name.ko"
			rm "$out/$name.log"
		else
			tail -n 20 "$out/$name.log"
		fi
		patch -s -R -p1 -d "$dir/source" <"$f" >/dev/null
	done
}

case $1 in
apart)	apart "$5" build "${@:2}" ;;
build)	make_mutants "${@:2}" ;;
*)	exit 2 ;;
esac
