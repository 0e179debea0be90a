# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: the kernel's own ublk_drv beside ours: modprobe takes ours, doctor tells which is loaded
# timeout: 120
# kernels: 6.12 7.2 7.3
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/cli.sh"
. "$UBLK_TESTS/vm/doctor.sh"

[ -n "$(mainline_module)" ] || skip "kernel $(uname -r) has no ublk_drv of its own"
[[ $(modinfo -n ublk_drv) == */updates/dkms/* ]] || fail "modprobe would take $(modinfo -n ublk_drv)"
expect 0 "of this project is loaded" ublk doctor

note "with the kernel's own loaded, doctor says so and how to switch"
load_mainline
expect 8 "rmmod ublk_drv && modprobe ublk_drv" ublk doctor
doctor 8 warning module-mainline
# our server and tools use nothing but the interface
serve srv --id 0 --depth 8 --recovery reissue
(write_block 0 1)
(read_block 0 1)
ctl OK stop --id 0
ctl OK del --id 0
wait_bg srv

note "and that is what happens then"
rmmod ublk_drv
modprobe ublk_drv
expect 0 "of this project is loaded" ublk doctor
serve srv --id 0 --depth 8 --recovery reissue
(write_block 0 1)
stop_ends 0
wait_bg srv

note "ours is not installed: the kernel's own is loaded, or would be"
ours=$(modinfo -n ublk_drv) theirs=$(mainline_module)
put_back()
{
	[ ! -e aside ] || mv aside "$ours"
	rm -f "/lib/modules/$(uname -r)/updates/${theirs##*/}"
	depmod
}
load_mainline
mkdir -p "/lib/modules/$(uname -r)/updates"
cp "$theirs" "/lib/modules/$(uname -r)/updates/"
cleanup sh -c "[ ! -e '$PWD/aside' ] || { mv '$PWD/aside' '$ours'; depmod; }"
mv "$ours" aside
depmod
doctor 8 warning module-not-ours
rmmod ublk_drv
doctor 8 failure module-not-loaded module-shadowed
put_back
load_module
doctor 0 ok
