# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034 # what is set here is used by the other parts
# Debug kernels: Debian's source, our configuration (tests/kconfig), in the stock root of the same
# release. `6.1-kasan` is the 6.1 with KASAN, lockdep and company, `6.1-kcsan` the one with KCSAN,
# `6.1-gcov` the one that counts which lines of our module run.

DEBUG_KERNELS=(6.1-kasan 7.3-kasan 6.1-kcsan 7.3-kcsan)
DEBUG_BUILD_PACKAGES=(make gcc flex bison bc libelf-dev libssl-dev xz-utils kmod rsync perl)

# What runs there without being named. The others are there to be named, and for ./run coverage.
DEBUG_GROUPS=(lab crash stop takeover fault)

# What cannot run there, named or not: it is about Debian's own kernel, or asks for what the
# configuration leaves out (ACPI for 128 CPUs, XFS).
DEBUG_NOT=(lifecycle_dkms lifecycle_mainline io_fs_xfs)

# debug_flavour KERNEL: kasan, kcsan or nothing.
debug_flavour()
{
	case $1 in
	*-kasan | *-kcsan | *-gcov)	say "${1##*-}" ;;
	esac
}

# find_source KERNEL: sets SOURCE_PKG, SOURCE_VERSION and SUITE; or NO_KERNEL, a sentence.
find_source()
{
	local release=${1%-*} suites
	SOURCE_PKG=linux-source-$release
	suites=$(kernel_suites "$release") || exit 1
	for SUITE in $suites; do
		suite_index "$SUITE" || {
			NO_KERNEL="Debian's mirror does not answer for $SUITE"
			return 1
		}
		SOURCE_VERSION=$(apt_of "$SUITE" apt-cache policy "$SOURCE_PKG" |
			sed -n 's/^ *Candidate: //p')
		case $SOURCE_VERSION in
		'' | '(none)')	;;
		*)	return 0 ;;
		esac
	done
	NO_KERNEL="Debian's mirror has no $SOURCE_PKG today (looked in ${suites// /, })"
	return 1
}

debug_fragments()
{
	say "$TOP/tests/kconfig/base.config" "$TOP/tests/kconfig/$(debug_flavour "$1").config"
}

# build_debug_kernel OUT KERNEL
build_debug_kernel()
{
	local out=$1 work
	work=$(mktemp -d "$TMP/source.XXXXXX")
	(cd "$work" && apt_of "$SUITE" apt-get -q download "$SOURCE_PKG=$SOURCE_VERSION") || return 1
	mkdir -p "$out"
	# shellcheck disable=SC2046 # two files
	bash "$HARNESS/mkdebug.sh" kernel "$out" "$work"/linux-source-*.deb \
		$(debug_fragments "$2") || return 1
	rm -rf "$work"
}

progress_debug_kernel()
{
	progress "the debug kernel $2 from $SOURCE_PKG $SOURCE_VERSION (some 10 minutes)" \
		build_debug_kernel "$@"
}

# make_debug_kernel KERNEL: sets DEBUG_KERNEL, the directory; or NO_ROOT, a sentence.
make_debug_kernel()
{
	local key
	need_packages "${DEBUG_BUILD_PACKAGES[@]}"
	find_source "$1" || { NO_ROOT=$NO_KERNEL; return 1; }
	# shellcheck disable=SC2046 # two files
	key=$({
		echo "packed as 1: $SOURCE_PKG $SOURCE_VERSION, gcc $(gcc -dumpfullversion)"
		cat $(debug_fragments "$1")
	} | hash_text)
	NO_ROOT="no debug kernel $1"
	cached debug "$key" progress_debug_kernel "$1" || return 1
	DEBUG_KERNEL=$CACHED
	cache_prune debug 6
}

# ./run debug-kernel [kasan|kcsan|gcov] [--kernel 6.1|7.3]
debug_kernel_verb()
{
	local kernel
	case ${1:-kasan} in
	kasan | kcsan | gcov) ;;
	*)	die "debug-kernel what? kasan, kcsan or gcov, not '$1'" ;;
	esac
	for kernel in ${RUN_KERNELS:-6.1}; do
		make_debug_kernel "${kernel%-*}-${1:-kasan}" || die "$NO_ROOT"
		say "   $(cat "$DEBUG_KERNEL/release"): $DEBUG_KERNEL ($(du -sh "$DEBUG_KERNEL" |
			cut -f1))"
	done
}

# Measured on the host: without ACPI the guest has nothing to calibrate its TSC with.
build_tsc_khz()
{
	gcc -O1 -o "$1" "$HARNESS/tsc_khz.c"
}

# debug_machine KERNEL: how a guest of this kernel is started.
debug_machine()
{
	cached tsc "$(hash_text <"$HARNESS/tsc_khz.c")" build_tsc_khz || return 1
	DEBUG_ARGS=(tsc=reliable "tsc_early_khz=$("$CACHED")" no_hash_pointers)
	# What lockdep and KASAN need, and what the quarantine holds back
	case $(debug_flavour "$1") in
	kasan | kcsan)	GUEST_MEMORY=3072 GUEST_SLOW=4 ;;
	esac
}

progress_debug_module()
{
	progress "the module for $KVER" bash "$HARNESS/mkdebug.sh" module "$@"
}

# make_debug_module KIND KEY SOURCE VAR..: sets CACHED
make_debug_module()
{
	local kind=$1 source=$2
	shift 2
	cached "$kind" "$({
		basename "$DEBUG_KERNEL"
		echo "$@"
		tree_hash "$source"
	} | hash_text)" progress_debug_module "$DEBUG_KERNEL" "$source" "$@" || return 1
	cache_prune "$kind" 8
}

progress_debug_image()
{
	progress "the root with $KVER" as_root bash "$HARNESS/mkdebug.sh" image "$@"
}

# make_debug_root KERNEL: like make_root.
make_debug_root()
{
	local lab extra=()
	make_debug_kernel "$1" || return 1
	make_base "${1%-*}" || return 1
	KVER=$(cat "$DEBUG_KERNEL/release")
	VMLINUZ=$DEBUG_KERNEL/vmlinuz INITRD=
	debug_machine "$1" || return 1
	NO_ROOT="the module does not build for $KVER"
	rm -rf "$TMP/module" "$TMP/modules"
	copy_module_source "$TMP/module" || return 1
	[ "$(debug_flavour "$1")" != gcov ] || extra=(GCOV_PROFILE=y)
	make_debug_module module "$TMP/module" UBSAN_SANITIZE=y "${extra[@]}" || return 1
	DEBUG_MODULE=$CACHED
	rm -rf "$TMP/lab"
	mkdir -p "$TMP/lab"
	cp -r "$TOP/tests/lab" "$TMP/lab/module"
	make_debug_module lab "$TMP/lab" UBSAN_SANITIZE=y || return 1
	lab=$CACHED
	mkdir -p "$TMP/modules"
	cp "$DEBUG_MODULE"/module/*.ko "$lab"/module/*.ko "$TMP/modules/"
	NO_ROOT="no root with $KVER"
	cached image "$({
		basename "$BASE"
		basename "$DEBUG_KERNEL"
		basename "$DEBUG_MODULE"
		basename "$lab"
		sed -n '/^make_image/,/^}/p' "$HARNESS/mkdebug.sh"
	} | hash_text)" progress_debug_image "$BASE" "$DEBUG_KERNEL" "$TMP/modules" \
		"$(id -u):$(id -g)" || return 1
	ROOT_IMAGE=$CACHED
	cache_prune image 12
}
