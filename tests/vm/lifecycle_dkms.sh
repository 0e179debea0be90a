# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: DKMS put the module where modprobe finds it first; kernels that cannot have it are excluded
. "$UBLK_TESTS/vm/lib.sh"

requires dkms modinfo
kver=$(uname -r)

status=$(dkms status ublk -k "$kver")
[[ $status == *installed ]] || fail "dkms status says: $status"
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

# And only for these reasons: a kernel as it should be gets as far as the compiler.
fake_kernel 6.1.98-1-test CONFIG_IO_URING=y
status=0
bounded 90 dkms build "ublk/$version" -k 6.1.98-1-test --kernelsourcedir "$PWD/6.1.98-1-test" \
	>dkms.log 2>&1 </dev/null || status=$?
if [ "$status" = 77 ] || [ "$status" = 0 ]; then
	cat dkms.log
	fail "dkms build without headers ended with status $status"
fi
