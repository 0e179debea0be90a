# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# The module built from one checkout for one kernel after the other, in the root of each, and for
# the first again: what was found out about one must not be believed of the next.

# What is no news about the source: Kbuild on its own account; and sparse 0.6.4, which does not know
# that the length of a string is constant, as MODULE_INFO() of 7.x wants it.
BUILD_NOISE='the compiler differs from the one|You are using:|The kernel was built by|Skipping BTF'
BUILD_NOISE+='|main\.c:[0-9]+:1: error: bad constant expression'

build_in_root()
{
	as_root bash "$HARNESS/mkroot.sh" build "$1" "$2" "$TMP/build-work"
}

# build_for KERNEL: in $TMP/turn; sets BUILT, the checksum of what came out, or NOT_BUILT, why not.
build_for()
{
	local kernel=$1 ko=$TMP/turn/module/ublk_drv.ko
	BUILT=
	make_base "$kernel" || { NOT_BUILT=$NO_ROOT; return 1; }
	progress "the module for $KVER" build_in_root "$BASE" "$TMP/turn" || {
		NOT_BUILT="does not build"
		return 1
	}
	if grep -E 'warning|WARNING|: error' "$TMP/turn/build.log" | grep -vE "$BUILD_NOISE"; then
		NOT_BUILT="warnings (W=1, C=2)"
		return 1
	fi
	[ "$(grep -cE '^ +CHECK ' "$TMP/turn/build.log")" -gt 10 ] || {
		NOT_BUILT="sparse did not run"
		return 1
	}
	[ "$(modinfo -F vermagic "$ko" | cut -d' ' -f1)" = "$KVER" ] || {
		NOT_BUILT="built for $(modinfo -F vermagic "$ko")"
		return 1
	}
	BUILT=$(sha256sum <"$ko")
}

install_second()
{
	as_root bash "$HARNESS/mkroot.sh" second "$BASE" "$TMP/turn" "$TMP/build-work"
}

# dkms_second KERNEL: a kernel that comes later gets the module from its package's hook.
dkms_second()
{
	local t0=$SECONDS
	if ! make_base "$1"; then
		count failed "dkms_second_kernel@$1" $((SECONDS - t0)) "$NO_ROOT"
	elif progress "a second kernel in the root of $KVER" install_second; then
		count passed "dkms_second_kernel@$1" $((SECONDS - t0)) "${KVER/-cloud-/-}"
	else
		count failed "dkms_second_kernel@$1" $((SECONDS - t0)) "no module for it"
	fi
}

builds_stage()
{
	local kernel first='' t0 name stock=()
	need_packages kmod sparse
	# Debug kernels are no packages, and their module is built where they are.
	for kernel in $RUN_KERNELS; do
		[ -n "$(debug_flavour "$kernel")" ] || stock+=("$kernel")
	done
	copy_module_source "$TMP/turn" || return
	for kernel in "${stock[@]}" 6.1; do
		t0=$SECONDS name=module_build@$kernel
		[ -z "$first" ] || [ "$kernel" != 6.1 ] || name=module_build_again@6.1
		if ! build_for "$kernel"; then
			count failed "$name" $((SECONDS - t0)) "$NOT_BUILT"
		elif [ "$name" = module_build_again@6.1 ] && [ "$BUILT" != "$first" ]; then
			count failed "$name" $((SECONDS - t0)) "not the same module as before"
		else
			count passed "$name" $((SECONDS - t0)) "$KVER"
		fi
		[ "$kernel" != 6.1 ] || first=${first:-$BUILT}
	done
	as_root rm -rf -- "$TMP/turn"
	[ -n "$FULL" ] || return 0
	copy_module_source "$TMP/turn" || return
	for kernel in "${stock[@]}"; do
		dkms_second "$kernel"
	done
}
