#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# Debug kernels: built from one of Debian's linux-source packages, and a module for them.
#
#   mkdebug.sh kernel OUT DEB FRAGMENT..      OUT: a directory: vmlinuz, release, modules/, build/
#   mkdebug.sh module OUT KERNEL SOURCE VAR=VALUE..    OUT: a copy of SOURCE, the module made in it
#   mkdebug.sh image OUT BASE KERNEL MODULE OWNER      OUT: an ext4 image; needs root
set -euo pipefail

# took WANTED CONFIG: every symbol has the value that was asked for; prints those that do not.
took()
{
	awk '
	function symbol(line) { sub(/^# /, "", line); sub(/[= ].*/, "", line); return line }
	function value(line) { return line ~ /^#/ ? "n" : substr(line, index(line, "=") + 1) }
	!/^(# )?CONFIG_/ { next }
	FNR == NR { want[symbol($0)] = value($0); next }
	{ got[symbol($0)] = value($0) }
	END {
		for (s in want) {
			is = s in got ? got[s] : "n"
			if (is != want[s]) { print s " is " is ", not " want[s]; bad = 1 }
		}
		exit bad
	}' "$1" "$2"
}

# What a module is built with, and nothing that only the kernel was.
pack_build()
{
	local src=$1 out=$2
	mkdir -p "$out"
	(
		cd "$src"
		{
			find . -path ./Documentation -prune -o -path ./tools -prune -o -type f \
				\( -name 'Makefile*' -o -name 'Kconfig*' -o -name 'Kbuild*' \) -print
			find include scripts arch/x86/include -type f ! -name '*.o' ! -name '.*.cmd'
			find . -maxdepth 1 -name .config -o -maxdepth 1 -name Module.symvers
			! test -e tools/objtool/objtool || echo tools/objtool/objtool
			! test -e scripts/module.lds || echo scripts/module.lds
		} | sort -u | tar -c -T - -f -
	) | tar -x -C "$out"
}

make_kernel()
{
	local out=$1 deb=$2 src=$1/src
	shift 2
	mkdir -p "$src"
	# One tar within the other, and a directory on top of all.
	dpkg-deb --fsys-tarfile "$deb" | tar -xO --wildcards -f - './usr/src/linux-source-*.tar.xz' |
		tar -xJ --strip-components=1 -C "$src"
	cat "$@" >"$out/fragments"
	cd "$src"
	make KCONFIG_ALLCONFIG="$out/fragments" allnoconfig
	took "$out/fragments" .config || { echo "these did not take"; exit 1; }
	make -j "$(nproc)" KCFLAGS=-w bzImage modules
	make -s kernelrelease | tail -n 1 >"$out/release"
	cp arch/x86/boot/bzImage "$out/vmlinuz"
	make INSTALL_MOD_PATH="$out/stage" INSTALL_MOD_STRIP=1 modules_install
	mv "$out/stage/lib/modules/$(cat "$out/release")" "$out/modules"
	rm -f "$out/modules/build" "$out/modules/source"
	cp .config System.map "$out/"
	pack_build "$src" "$out/build"
	cd /
	rm -rf "$src" "$out/stage"
}

make_module()
{
	local out=$1 kernel=$2 source=$3
	shift 3
	mkdir -p "$out"
	cp -r "$source/." "$out/"
	make -C "$out/module" KDIR="$kernel/build" "$@" modules
}

# The stock root with this kernel's modules beside its own, and our module among them.
make_image()
{
	local out=$1 base=$2 kernel=$3 module=$4 owner=$5 release work=$1.work
	release=$(cat "$kernel/release")
	mkdir -p "$work/upper" "$work/work" "$work/root"
	mount -t overlay overlay \
		-o "lowerdir=$base,upperdir=$work/upper,workdir=$work/work" "$work/root" \
		2>/dev/null || cp -a --reflink=auto "$base/." "$work/root/"
	cp -r "$kernel/modules" "$work/root/lib/modules/$release"
	mkdir -p "$work/root/lib/modules/$release/updates"
	cp "$module"/*.ko "$work/root/lib/modules/$release/updates/"
	depmod -b "$work/root" "$release"
	mke2fs -q -t ext4 -E lazy_itable_init=1,lazy_journal_init=1 -d "$work/root" "$out" 3G
	chown "$owner" "$out"
}

verb=$1
shift
case $verb in
kernel)	make_kernel "$@" ;;
module)	make_module "$@" ;;
image)	# in namespaces of its own, and nothing left of what was mounted
	status=0
	unshare --mount --propagation private "$BASH" "$0" in-namespace "$@" || status=$?
	rm -rf -- "$1.work"
	exit "$status"
	;;
in-namespace)	make_image "$@" ;;
*)	exit 2 ;;
esac
