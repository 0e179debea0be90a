# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: dkms: installed first in line, excluded where it cannot be, removed, installed again
# timeout: 240
# kernels: 6.12
. "$UBLK_TESTS/vm/lib.sh"

requires dkms modinfo
kver=$(uname -r)

status=$(dkms status ublk -k "$kver")
# 3.2 adds to it that the kernel has a module of that name
[[ $status == *": installed"* ]] || fail "dkms status says: $status"
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' /usr/src/ublk-*/dkms.conf)
[[ $status == "ublk/$version, $kver, "* ]] || fail "dkms status says: $status"

file=$(modinfo -n ublk_drv)
[[ $file == /lib/modules/$kver/updates/dkms/* ]] || fail "modprobe would load $file"
[ -d /sys/module/ublk_drv ] || fail "the module is not loaded"

# fake_kernel RELEASE CONFIG-LINE..: enough of a kernel for dkms to judge it.
fake_kernel()
{
	local dir=$PWD/$1
	mkdir -p "$dir/include"
	printf '%s\n' "${@:2}" >"$dir/.config"
}

# excluded RELEASE: dkms has to say 77, "not for this kernel", without building anything.
excluded()
{
	local status=0
	bounded 90 dkms build "ublk/$version" -k "$1" --kernelsourcedir "$PWD/$1" \
		>dkms.log 2>&1 </dev/null || status=$?
	[ "$status" = 77 ] || {
		cat dkms.log
		fail "dkms build for $1 ended with status $status, not 77"
	}
}

fake_kernel 5.10.0-1-test CONFIG_IO_URING=y
excluded 5.10.0-1-test
fake_kernel 6.0.9-1-test CONFIG_IO_URING=y
excluded 6.0.9-1-test
fake_kernel 6.1.99-1-test "# CONFIG_IO_URING is not set"
excluded 6.1.99-1-test
fake_kernel 7.4.0-1-test CONFIG_IO_URING=y
excluded 7.4.0-1-test
fake_kernel 7.30.0-1-test CONFIG_IO_URING=y
excluded 7.30.0-1-test

# hook_passes RELEASE: nor does it break the installation of such a kernel's package, and it says
# why the module is not there. (Up to 3.0.10 dkms takes an exclusion for a failure of autoinstall.)
hook_passes()
{
	mkdir "/lib/modules/$1"
	ln -s "$PWD/$1" "/lib/modules/$1/build"
	cleanup rm -rf "/lib/modules/$1"
	bounded 90 /etc/kernel/postinst.d/dkms "$1" >dkms.log 2>&1 </dev/null || {
		cat dkms.log
		fail "the hook of kernel packages failed for $1"
	}
	grep -q "^ublk: skipped for $1: " dkms.log || {
		cat dkms.log
		fail "the hook does not say why the module is not there"
	}
	status=$(dkms status ublk -k "$1")
	[[ $status != *@(built|installed)* ]] || fail "dkms status says: $status"
}
hook_passes 6.0.9-1-test
hook_passes 6.1.99-1-test
hook_passes 7.4.0-1-test

# tried RELEASE: gets as far as the compiler, which finds no headers.
tried()
{
	local status=0
	bounded 90 dkms build "ublk/$version" -k "$1" --kernelsourcedir "$PWD/$1" \
		>dkms.log 2>&1 </dev/null || status=$?
	if [ "$status" = 77 ] || [ "$status" = 0 ]; then
		cat dkms.log
		fail "dkms build for $1, without headers, ended with status $status"
	fi
}

# And only for these reasons, or if the user insists.
fake_kernel 6.1.98-1-test CONFIG_IO_URING=y
tried 6.1.98-1-test
fake_kernel 7.3.98-1-test CONFIG_IO_URING=y
tried 7.3.98-1-test
cleanup rm -f /etc/dkms/ublk.conf
echo 'BUILD_EXCLUSIVE_KERNEL=""' >/etc/dkms/ublk.conf
tried 7.4.0-1-test
rm /etc/dkms/ublk.conf

# Removed: modprobe finds the kernel's own, if it has one. The source stays where the user put it.
built=$PWD/built
cp -a "/var/lib/dkms/ublk/$version/$kver" "$built"

put_back()
{
	[ -e "/var/lib/dkms/ublk/$version" ] || dkms add "ublk/$version" || return 1
	# What was built once need not be built again, in the guest
	[ -e "/var/lib/dkms/ublk/$version/$kver" ] ||
		cp -a "$built" "/var/lib/dkms/ublk/$version/$kver" || return 1
	[ -e "$file" ] || dkms install "ublk/$version" -k "$kver"
}
cleanup put_back

bounded 120 dkms remove "ublk/$version" --all >dkms.log 2>&1 </dev/null || {
	cat dkms.log
	fail "dkms remove failed"
}
status=$(dkms status ublk)
[ -z "$status" ] || fail "after dkms remove, dkms status says: $status"
[ ! -e "$file" ] || fail "after dkms remove there is still $file"
[ -e "/usr/src/ublk-$version/dkms.conf" ] || fail "dkms remove took the source"
own=$(modinfo -n ublk_drv 2>/dev/null) || own=
case $own in
'' | "/lib/modules/$kver/kernel/drivers/block/ublk_drv.ko"*) ;;
*)	fail "after dkms remove modprobe would load $own" ;;
esac
note "without ours modprobe finds: ${own:-nothing}"

put_back >dkms.log 2>&1 </dev/null || {
	cat dkms.log
	fail "dkms add and install failed"
}
again=$(modinfo -n ublk_drv)
[ "$again" = "$file" ] || fail "after dkms install modprobe would load $again"
