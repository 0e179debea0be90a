# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: ublk doctor: each cause of its table made here, found alone, and gone when it is mended
# timeout: 180
#
# What lifecycle_cli_doctor, lifecycle_mainline and secureboot_refused do not make.
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/cli.sh"
. "$UBLK_TESTS/vm/doctor.sh"

requires ublk ublk-null ublk-deny jq gcc unshare
doctor 0 ok

note "io_uring: no such call, not permitted, no memory to lock, whatever else"
doctor_by 8 failure io-uring-missing ublk-deny 38
doctor_by 8 failure io-uring-denied ublk-deny 1
doctor_by 8 failure io-uring-memlock ublk-deny 12
doctor_by 8 failure io-uring-broken ublk-deny 24
disabled=/proc/sys/kernel/io_uring_disabled
if [ -e "$disabled" ]; then
	echo 2 >"$disabled"
	cleanup sh -c "echo 0 >$disabled"
	doctor 8 failure io-uring-disabled
	echo 0 >"$disabled"
else
	note "  $(uname -r) has no kernel.io_uring_disabled: 7.3's run of this has it"
fi

note "liburing: an older one by its name, and one that nothing here starts with"
lib=$(ldconfig -p | awk '$1 == "liburing.so.2" { print $NF; exit }')
mkdir old none
cp "$(readlink -f "$lib")" old/liburing.so.2.1
ln -s liburing.so.2.1 old/liburing.so.2
doctor_by 8 failure liburing-old env LD_LIBRARY_PATH="$PWD/old"
echo 'LIBURING_2.0 { global: io_uring_*; __io_uring_*; local: *; };' >none/map
echo 'int io_uring_submit(void) { return 0; }' >none/stub.c
gcc -shared -fPIC -nostdlib -Wl,-soname,liburing.so.2 -Wl,--version-script=none/map -o none/liburing.so.2 \
	none/stub.c
expect 1 "version \`LIBURING_2." env LD_LIBRARY_PATH="$PWD/none" ublk doctor

note "udev's rule is missing"
mv "$udev_rule" rule
doctor 8 warning udev-rule
mv rule "$udev_rule"

# The kernel takes away its own nodes only, by name: so they are renamed in their place.
note "the control node: missing, and one that leads nowhere"
mv /dev/ublk-control /dev/ublk-control.away
cleanup sh -c "[ ! -e /dev/ublk-control.away ] || mv -f /dev/ublk-control.away /dev/ublk-control"
doctor 8 failure control-missing
mknod /dev/ublk-control c 10 254
doctor 8 failure control-broken
rm /dev/ublk-control
mv /dev/ublk-control.away /dev/ublk-control
doctor 0 ok

note "a device: its node is missing; its server lives in another mount namespace"
ublk add null --id 0
mv /dev/ublkc0 /dev/ublkc0.away
doctor 8 failure device-node
mv /dev/ublkc0.away /dev/ublkc0
ublk del 0
run_bg foreign unshare -m ublk-null --id 0
wait_state 0 LIVE 60
doctor 8 warning server-namespace
# seen from there nothing is wrong
doctor_by 0 ok "" nsenter -m -t "$BG_foreign"
ublk del 0
wait_bg foreign any

note "LIVE without a server, until the monitor has seen it"
echo 5000 >/sys/module/ublk_drv/parameters/monitor_period_ms
ublk-raw-server --id 0 --depth 4 --recovery reissue >raw.out 2>&1 &
raw=$!
wait_for 60 grep -q '^READY' raw.out
kill -KILL "$raw"
wait "$raw" || true
state=$(state_of 0)
status=0
ublk doctor --json >doctor.json || status=$?
case $state in
LIVE)	grep -qE '"(server-gone|no-record)"' doctor.json || fail "$(cat doctor.json)" ;;
*)	grep -q '"no-record"' doctor.json || fail "$(cat doctor.json)" ;;
esac
[ "$status" = 8 ] || fail "$status"
echo 1000 >/sys/module/ublk_drv/parameters/monitor_period_ms
ublk del 0

note "the module: built in (a made-up sysfs), for another kernel, none at all"
mkdir sysfs
cp -r /sys/module/ublk_drv/parameters sysfs/ 2>/dev/null || true
rm -f sysfs/parameters/monitor_period_ms
mount --bind sysfs /sys/module/ublk_drv
cleanup umount -q /sys/module/ublk_drv
doctor 8 warning module-built-in
umount /sys/module/ublk_drv
rmmod ublk_drv
hidden=()
# what modprobe would load, this project's and the kernel's own
hide_all()
{
	local file
	while file=$(modinfo -n ublk_drv 2>/dev/null); do
		mv "$file" "hidden.${#hidden[@]}"
		hidden+=("$file")
		depmod
	done
}
put_back()
{
	local i
	rm -rf /lib/modules/9.9.9-other
	[ "${#hidden[@]}" -gt 0 ] || return 0
	for i in "${!hidden[@]}"; do
		mv "hidden.$i" "${hidden[i]}"
	done
	depmod
	hidden=()
}
cleanup put_back
hide_all
[ "${#hidden[@]}" -gt 0 ] || fail "modinfo knows no module"
doctor 8 failure module-missing
other=/lib/modules/9.9.9-other/updates/dkms
mkdir -p "$other"
cp hidden.0 "$other/${hidden[0]##*/}"
doctor 8 failure module-other-kernel
json doctor.json '[.findings[].message] | any(contains("9.9.9-other"))'
put_back
load_module
doctor 0 ok
