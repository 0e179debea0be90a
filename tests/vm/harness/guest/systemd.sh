# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# Guests with systemd: process 1 makes itself systemd, and the job is one of its services. All of
# that is in /run: the root is Debian's, with nothing in it that is ours.

RUN_UNITS=/run/systemd/system

systemd_wanted() { [[ " $(</proc/cmdline) " == *" ublk.init=systemd "* ]]; }

# What runs the scripts is there after everything else, and until the very end: who reads what a
# server says has to outlive it.
write_units()
{
	mkdir -p "$RUN_UNITS/multi-user.target.wants"
	cat >"$RUN_UNITS/ublk-job.service" <<-EOT
		[Unit]
		Description=The scripts of this boot
		DefaultDependencies=no
		After=multi-user.target
		[Service]
		Type=exec
		ExecStart=/bin/bash /opt/ublk/tests/vm/harness/guest/boot.sh job
		StandardOutput=journal+console
		StandardError=journal+console
	EOT
	ln -sf "$RUN_UNITS/ublk-job.service" "$RUN_UNITS/multi-user.target.wants/"
	# Nobody logs in, and there is no network to look for news in.
	local unit
	for unit in serial-getty@ttyS0.service apt-daily.timer apt-daily-upgrade.timer; do
		ln -sf /dev/null "$RUN_UNITS/$unit"
	done
}

become_systemd()
{
	mountpoint -q /run || step mount -t tmpfs -o mode=755 tmpfs /run
	write_units
	unpack_job
	# Without one it is a first boot, in which systemd enables and asks this and that.
	grep -qE '^[0-9a-f]{32}$' /etc/machine-id 2>/dev/null ||
		tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id
	# What it says of its own way down is to be read in the next boot.
	[ -z "${UBLK_PHASE:-}" ] || mkdir -p /var/log/journal
	exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin TERM=linux \
		/lib/systemd/systemd
}

# under_systemd: what is left to do when it has done the rest.
under_systemd()
{
	if [ -z "${UBLK_STOCK:-}" ]; then
		step mount --bind /opt/ublk/local /usr/local
		ldconfig
	fi
	limits
	step udevadm settle --timeout=120
}
