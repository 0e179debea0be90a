# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034 # what is set here is used by the other parts
# The guest's disk: a stock Debian root, and the same with our module installed by DKMS.

# kernel -> release, image package, headers package. One line per kernel that is supported here.
kernel_table()
{
	case $1 in
	6.1)	say "bookworm linux-image-cloud-amd64 linux-headers-cloud-amd64" ;;
	*)	die "no kernel '$1' here; known: 6.1" ;;
	esac
}

ROOT_PACKAGES=(dkms gcc make fio e2fsprogs xfsprogs fdisk util-linux kmod udev liburing2
	libjson-c5 procps iproute2 jq strace initramfs-tools zstd)

host_needs_vm()
{
	need_packages qemu-system-x86 mmdebstrap e2fsprogs
}

# The mirror is whatever this host itself uses for Debian.
host_mirrors()
{
	local release=$1
	# apt fills these in, not the shell.
	# shellcheck disable=SC2016
	apt-get indextargets --format 'deb $(REPO_URI) $(CODENAME) $(COMPONENT)' \
		'Created-By: Packages' 'Origin: Debian' |
		grep -E " $release(-updates|-security)? " | sort -u
}

build_base()
{
	local out=$1 release=$2
	shift 2
	host_mirrors "$release" >"$TMP/mirrors"
	[ -s "$TMP/mirrors" ] || {
		# No index fetched yet: a container or a fresh installation.
		as_root apt-get -q update && host_mirrors "$release" >"$TMP/mirrors"
	}
	[ -s "$TMP/mirrors" ] || { echo "apt knows no Debian $release mirror"; return 1; }
	as_root bash "$HARNESS/mkroot.sh" base "$out" "$release" "$TMP/mirrors" "$@"
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

# make_root KERNEL: sets ROOT_IMAGE, VMLINUZ, INITRD, KVER.
make_root()
{
	local release image headers base key version
	host_needs_vm
	read -r release image headers < <(kernel_table "$1")
	# A point release with a new kernel is a new root.
	version=$(apt-cache policy "$image" 2>/dev/null | sed -n 's/^ *Candidate: //p')
	key=$({
		echo "$release $image $headers $version ${ROOT_PACKAGES[*]}"
		sed -n "/^make_base/,/^}/p" "$HARNESS/mkroot.sh"
		cat "$HARNESS/guest/ublk-init"
	} | hash_text)
	if [ ! -e "$CACHE/base/$key" ]; then
		head_line "making a stock Debian $release root with $image"
	fi
	cached base "$key" progress_base "$release" "$image" "$headers" "${ROOT_PACKAGES[@]}" ||
		return 1
	base=$CACHED
	KVER=$(cat "$base/etc/ublk-kernel")
	VMLINUZ=$base/boot/vmlinuz-$KVER
	INITRD=$base/boot/initrd.img-$KVER

	rm -rf "$TMP/module"
	copy_module_source "$TMP/module" || return 1
	key=$({
		echo "$key"
		tree_hash "$TMP/module"
		sed "/^make_base/,/^}/d" "$HARNESS/mkroot.sh"
	} | hash_text)
	cached image "$key" progress_image "$base" "$TMP/module" ||
		return 1
	ROOT_IMAGE=$CACHED
	cache_prune image 4
	cache_prune base 2
}

progress_base()
{
	progress "mmdebstrap and packages (about a minute)" build_base "$@"
}

progress_image()
{
	progress "dkms install of the module in a copy of it, ext4 image" build_image "$@"
}
