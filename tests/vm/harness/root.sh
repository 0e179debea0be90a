# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034 # what is set here is used by the other parts
# The guest's disk: a stock Debian root, and the same with our module installed by DKMS.

ROOT_PACKAGES=(dkms gcc make fio e2fsprogs xfsprogs fdisk util-linux kmod udev liburing2
	libjson-c5 procps iproute2 jq strace initramfs-tools zstd dmsetup mdadm btrfs-progs xxd)

# What a kernel from backports brings along; with part of it from the release it does not install.
KERNEL_PACKAGES=('linux-image-*' 'linux-headers-*' 'linux-kbuild-*' 'linux-binary-*'
	'linux-modules-*' linux-base 'linux-base-*')

host_needs_vm()
{
	need_packages qemu-system-x86 mmdebstrap e2fsprogs
}

# build_base OUT SUITE KVER PACKAGE..
build_base()
{
	local out=$1 suite=$2 kver=$3
	shift 3
	# The whole kernel comes from backports, and nothing else does.
	case $suite in
	*-backports)	printf '%s\n' "Package: ${KERNEL_PACKAGES[*]}" \
				"Pin: release n=$suite" "Pin-Priority: 990" ;;
	esac >"$TMP/pins"
	# What this host's apt thinks of a mirror that stands still holds for its copies, too.
	apt-config dump Acquire::Check-Valid-Until >"$TMP/apt.conf"
	as_root bash "$HARNESS/mkroot.sh" base "$out" "${suite%-backports}" \
		"$CACHE/apt/$suite/sources.list" "$TMP/pins" "$TMP/apt.conf" "$kver" "$@"
}

build_image()
{
	as_root bash "$HARNESS/mkroot.sh" module "$1" "$2" "$3" "$(id -u):$(id -g)"
}

# copy_module_source DIR: what a user of the module gets, and nothing that a build left around.
copy_module_source()
{
	local list=$TMP/module.list
	(
		cd "$TOP" || exit 1
		[ -f dkms.conf ] || die "there is no dkms.conf in $TOP"
		[ -d module ] || die "there is no module/ in $TOP"
		git ls-files -z -co --exclude-standard -- dkms.conf module include/uapi \
			>"$list" 2>/dev/null ||
			find dkms.conf module include/uapi -type f -print0 >"$list"
		mkdir -p "$1"
		# The index may name files that are gone from the tree.
		while IFS= read -r -d '' f; do
			[ -f "$f" ] && printf '%s\0' "$f"
		done <"$list" | LC_ALL=C sort -zu |
			tar -c --null -T - --owner=0 --group=0 -f - | tar -x -C "$1"
	)
}

tree_hash()
{
	(cd "$1" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum) | hash_text
}

# base_key: what a root with the kernel that find_kernel found is made of.
# shellcheck disable=SC2153 # they come from kernels.sh
base_key()
{
	{
		echo "$SUITE $KVER $KPKG ${ROOT_PACKAGES[*]} ${KERNEL_PACKAGES[*]}" \
			${ROOT_EXTRA[@]+"and ${ROOT_EXTRA[*]}"}
		sed -n "/^make_base/,/^}/p" "$HARNESS/mkroot.sh"
		cat "$HARNESS/guest/ublk-init"
	} | hash_text
}

# make_base KERNEL: sets BASE, a root with that kernel and no module of ours, and KVER; or NO_ROOT,
# a sentence.
make_base()
{
	local key
	host_needs_vm
	NO_ROOT="no root with the module: no VM tests"
	find_kernel "$1" || { NO_ROOT=$NO_KERNEL; return 1; }
	key=$(base_key)
	if [ ! -e "$CACHE/base/$key" ]; then
		head_line "making a stock Debian $SUITE root with $KVER${ROOT_EXTRA[*]:+ and ${ROOT_EXTRA[*]}}"
	fi
	cached base "$key" progress_base "$SUITE" "$KVER" "${ROOT_PACKAGES[@]}" \
		"${ROOT_EXTRA[@]}" || return 1
	BASE=$CACHED
}

# make_root KERNEL: sets ROOT_IMAGE, VMLINUZ, INITRD, KVER; or NO_ROOT, a sentence.
make_root()
{
	local key
	DEBUG_ARGS=() GUEST_MEMORY=2048 GUEST_SLOW=1
	[ -z "$(debug_flavour "$1")" ] || { make_debug_root "$1"; return; }
	make_base "$1" || return 1
	VMLINUZ=$BASE/boot/vmlinuz-$KVER
	INITRD=$BASE/boot/initrd.img-$KVER

	rm -rf "$TMP/module"
	copy_module_source "$TMP/module" || return 1
	key=$({
		basename "$BASE"
		tree_hash "$TMP/module"
		sed "/^make_base/,/^}/d" "$HARNESS/mkroot.sh"
	} | hash_text)
	cached image "$key" progress_image "$BASE" "$TMP/module" ||
		return 1
	ROOT_IMAGE=$CACHED
	cache_prune image 12
	cache_prune base 10
}

# root_made: what installed the module in the root that make_root made.
root_made()
{
	[ -n "$INITRD" ] || { say "built on the host"; return; }
	say "dkms $(dpkg-query --admindir="${VMLINUZ%/boot/*}/var/lib/dpkg" \
		-W -f '${Version}' dkms)"
}

progress_base()
{
	progress "mmdebstrap and packages (about a minute)" build_base "$@" && return
	# A mirror may be exchanged while it is read: once is no reason to give up.
	as_root rm -rf -- "$1"
	progress "the same again" build_base "$@"
}

progress_image()
{
	progress "dkms install of the module in a copy of it, ext4 image" build_image "$@"
}
