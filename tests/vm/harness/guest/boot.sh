#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# Process 1 of the guest: make it a system that tests can run in, run the job, power off. Or let
# systemd do that: then this is run twice, by itself and by its service, with `job`.

# shellcheck source=/dev/null
. /opt/ublk/tests/vm/harness/guest/systemd.sh

say_console() { echo "ublk-guest: $*" >/dev/console; }

power_off()
{
	echo 1 >/proc/sys/kernel/sysrq
	# Without ACPI there is no power to switch off; QEMU leaves on a reset, too.
	if [ -d /sys/firmware/acpi ]; then
		echo o >/proc/sysrq-trigger
	else
		echo b >/proc/sysrq-trigger
	fi
	while :; do sleep 60; done
}

step()
{
	"$@" && return
	say_console "boot step failed: $*"
	power_off
}

mounts()
{
	# The initrd hands over /dev, /proc, /sys and /run; a debug kernel has none.
	mountpoint -q /sys || step mount -t sysfs sysfs /sys
	mountpoint -q /run || step mount -t tmpfs -o mode=755 tmpfs /run
	# Nobody but us makes these.
	ln -sfn /proc/self/fd /dev/fd
	ln -sfn /proc/self/fd/0 /dev/stdin
	ln -sfn /proc/self/fd/1 /dev/stdout
	ln -sfn /proc/self/fd/2 /dev/stderr
	mkdir -p /dev/pts /dev/shm
	step mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
	step mount -t tmpfs tmpfs /dev/shm
	step mount -t cgroup2 cgroup2 /sys/fs/cgroup
	step mount -t tracefs tracefs /sys/kernel/tracing
	step mount -t debugfs debugfs /sys/kernel/debug
	# Programs installed as a user would, without copying them into the root.
	step mount --bind /opt/ublk/local /usr/local
	ldconfig
}

limits()
{
	# Tests park I/O on purpose and the guest is slow: stock limits would cry wolf.
	echo 300 >/proc/sys/kernel/hung_task_timeout_secs
	echo -1 >/proc/sys/kernel/hung_task_warnings
	echo 1 >/proc/sys/kernel/sysrq
}

services()
{
	hostname ublk
	step ip link set lo up
	limits
	step /lib/systemd/systemd-udevd --daemon
	step modprobe virtio_console
	step udevadm settle --timeout=60
}

# port NAME: the device of the virtio-serial port that QEMU calls NAME.
port()
{
	local p
	for p in /sys/class/virtio-ports/*; do
		[ "$(cat "$p/name" 2>/dev/null)" = "$1" ] && echo "/dev/${p##*/}" && return
	done
	return 1
}

scratch()
{
	export SCRATCH=/mnt/scratch
	mkdir -p "$SCRATCH"
	[ "${UBLK_PHASE:-1}" != 1 ] ||
		step mkfs.ext4 -q -E lazy_itable_init=1,lazy_journal_init=1,nodiscard /dev/vdd
	step mount /dev/vdd "$SCRATCH"
}

# What a debug kernel watches for, from here on.
detectors()
{
	step test "$(nproc)" = "${UBLK_CPUS:-$(nproc)}"
	if [ -e /sys/kernel/debug/kmemleak ]; then
		step eval 'echo clear >/sys/kernel/debug/kmemleak'
	fi
	if [ -e /sys/kernel/debug/kcsan ]; then
		step eval 'echo on >/sys/kernel/debug/kcsan'
	fi
}

unpack_job()
{
	step mkdir -p /run/ublk-job
	step tar -x -f /dev/vdc -C /run/ublk-job
	# shellcheck source=/dev/null
	. /run/ublk-job/env
}

mountpoint -q /proc || step mount -t proc proc /proc
if [ "${1:-}" = job ]; then
	# shellcheck source=/dev/null
	. /run/ublk-job/env
	under_systemd
elif systemd_wanted; then
	become_systemd
else
	mounts
	services
	unpack_job
fi
scratch
export HOME=/root LANG=C.UTF-8 TERM=dumb
export UBLK_TESTS=/opt/ublk/tests
[ -n "${UBLK_STOCK:-}" ] || export PATH=$PATH:/opt/ublk/progs
detectors

case $UBLK_MODE in
tests)
	OUT=$(port ublk.out) STATUS=$(port ublk.status)
	step test -c "$OUT" -a -c "$STATUS"
	bash /opt/ublk/tests/vm/harness/guest/runner.sh "$OUT" "$STATUS"
	;;
shell)
	bash /opt/ublk/tests/vm/harness/guest/shell.sh
	;;
esac
sync -f "$SCRATCH" &
power_off
