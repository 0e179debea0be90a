# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a kernel that refuses unsigned modules: ours does not load, doctor says why and what to do
# timeout: 60
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/cli.sh"

requires ublk modinfo
enforce=/sys/module/module/parameters/sig_enforce
[ -w "$enforce" ] || skip "this kernel knows no $enforce"
rmmod ublk_drv
expect 8 "but not loaded" ublk doctor
# What Secure Boot makes of the kernel, for the rest of this boot. dkms has signed the module, with a
# key that nobody enrolled.
echo Y >"$enforce"
status=0
modprobe ublk_drv 2>modprobe.log || status=$?
[ "$status" != 0 ] || fail "the kernel took a module of an unknown key"
note "modprobe says: $(cat modprobe.log)"
[ ! -d /sys/module/ublk_drv ] || fail "the module is there"
expect 8 "refuses unsigned modules" ublk doctor
expect 8 "mokutil --import" ublk doctor
ublk doctor --json >doctor.json || true
json doctor.json '[.findings[].check] | index("module-refused")'
