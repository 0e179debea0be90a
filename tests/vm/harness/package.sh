# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034 # what is set here is used by the other parts
# ./run package: Debian's packages, made in a clean root of the kernel's release; and the root that they
# are installed in for the tests of group package_.

PACKAGE_BUILD=(debhelper dh-dkms cmake pkg-config liburing-dev libjson-c-dev libsystemd-dev
	systemtap-sdt-dev lintian man-db)

# What a user's system has before ours come; what they depend on, apt finds out.
STOCK_PACKAGES=(systemd systemd-sysv dbus udev kmod initramfs-tools zstd linux-base
	procps e2fsprogs jq apt ca-certificates)

progress_package_root()
{
	progress "a root to build packages in (Debian $2)" as_root bash "$HARNESS/mkpackage.sh" root \
		"$1" "${2%-backports}" "$CACHE/apt/$2/sources.list" "$TMP/apt.conf" "${@:3}"
}

# packaged_source DIR: as `git archive` would have it, of the tree as it is now; without the tests, so
# that a change of one of them makes no new packages.
packaged_source()
{
	rm -rf "$1"
	mkdir -p "$1"
	(
		cd "$TOP" || exit 1
		{
			git -c safe.directory='*' ls-files -z -co --exclude-standard -- \
				':!tests' ':!examples/tests' ':!run'
			printf '%s\0' tests/unit/outside.c
		} | while IFS= read -r -d '' f; do
			[ ! -f "$f" ] || printf '%s\0' "$f"
		done | LC_ALL=C sort -zu |
			tar -c --null -T - --owner=0 --group=0 --mtime=@0 -f - | tar -x -C "$1"
	)
}

build_packages()
{
	as_root bash "$HARNESS/mkpackage.sh" packages "$1" "$2" "$3" "$(id -u):$(id -g)"
}

progress_packages()
{
	progress "building the packages, and lintian" build_packages "$@"
}

# make_packages KERNEL: sets PACKAGES, the directory; or NO_ROOT, a sentence.
make_packages()
{
	local key
	need_packages mmdebstrap
	find_kernel "$1" || { NO_ROOT=$NO_KERNEL; return 1; }
	NO_ROOT="no root of Debian $SUITE to build packages in"
	apt-config dump Acquire::Check-Valid-Until >"$TMP/apt.conf"
	key=$({
		echo "${SUITE%-backports} ${PACKAGE_BUILD[*]}"
		sed -n '/^make_root/,/^}/p' "$HARNESS/mkpackage.sh"
	} | hash_text)
	cached package-root "$key" progress_package_root "$SUITE" "${PACKAGE_BUILD[@]}" || return 1
	packaged_source "$TMP/packaged"
	NO_ROOT="the packages cannot be built"
	key=$({
		echo "$key"
		tree_hash "$TMP/packaged"
		cat "$HARNESS/mkpackage.sh"
	} | hash_text)
	cached packages "$key" progress_packages "$CACHED" "$TMP/packaged" || return 1
	PACKAGES=$CACHED
	cache_prune packages 8
	cache_prune package-root 3
}

progress_stock()
{
	progress "a stock Debian $2 with $3" build_stock "$@"
}

# build_stock OUT SUITE KVER
build_stock()
{
	case $2 in
	*-backports)	printf '%s\n' "Package: ${KERNEL_PACKAGES[*]}" \
				"Pin: release n=$2" "Pin-Priority: 990" ;;
	esac >"$TMP/pins"
	as_root bash "$HARNESS/mkpackage.sh" stock "$1" "${2%-backports}" \
		"$CACHE/apt/$2/sources.list" "$TMP/pins" "$TMP/apt.conf" "$3" "${STOCK_PACKAGES[@]}"
}

progress_installed()
{
	progress "apt install ./*.deb in it" as_root bash "$HARNESS/mkpackage.sh" installed "$@" \
		"$(id -u):$(id -g)"
}

# root_package KERNEL: like make_root, for `# init: package`.
root_package()
{
	local key
	DEBUG_ARGS=() GUEST_MEMORY=2048 GUEST_SLOW=1
	make_packages "$1" || return 1
	host_needs_vm
	NO_ROOT="the packages cannot be installed"
	key=$({
		echo "$SUITE $KVER $KPKG ${STOCK_PACKAGES[*]}"
		sed -n '/^make_stock/,/^}/p' "$HARNESS/mkpackage.sh"
	} | hash_text)
	cached stock "$key" progress_stock "$SUITE" "$KVER" || return 1
	key=$({
		echo "$key"
		basename "$PACKAGES"
		sed '/^make_stock/,/^}/d' "$HARNESS/mkpackage.sh"
	} | hash_text)
	cached installed "$key" progress_installed "$CACHED" "$KVER" "$PACKAGES" || return 1
	VMLINUZ=$CACHED/vmlinuz INITRD=$CACHED/initrd ROOT_IMAGE=$CACHED/root.img
	JOB_ENV+=("export UBLK_STOCK=1 UBLK_NO_MODULE=1")
	cache_prune stock 3
	cache_prune installed 4
}

# package_verb: ./run package [--kernel 6.12] [--out DIR]
package_verb()
{
	local kernel out f
	for kernel in ${RUN_KERNELS:-6.1}; do
		make_packages "$kernel" || die "$NO_ROOT"
		out=${PACKAGE_OUT:-$TOP/build/packages}
		[ "${RUN_KERNELS:-6.1}" = "$kernel" ] || out+=/$kernel
		mkdir -p "$out"
		for f in "$PACKAGES"/*; do
			cp "$f" "$out/"
		done
		head_line "Debian ${SUITE%-backports}"
		tail -n 3 "$out/lintian.log"
		(cd "$out" && readlink -f -- *.deb)
	done
}
