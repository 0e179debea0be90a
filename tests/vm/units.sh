# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# What the scripts about the systemd units share; sourced after lib.sh and cli.sh.

# units_install: our programs and units on the root itself, to be there from the next boot's start;
# the harness puts them in place (by a mount) after everything else.
units_install()
{
	mkdir -p /mnt/root
	mount --bind / /mnt/root
	cp -a /opt/ublk/local/. /mnt/root/usr/local/
	umount /mnt/root
	mkdir -p /lib/systemd/system-shutdown
	# the only folder that systemd-shutdown looks into
	cp /usr/local/lib/systemd/system-shutdown/ublk.shutdown /lib/systemd/system-shutdown/
	ldconfig
	mkdir -p /etc/ublk
	systemctl daemon-reload
}

# unit_conf ID LINE..: /etc/ublk/ID.conf
unit_conf()
{
	local id=$1
	shift
	printf '%s\n' "$@" >"/etc/ublk/$id.conf"
}

main_pid() { systemctl show -p MainPID --value "ublk@$1.service"; }
unit_is() { [ "$(systemctl show -p ActiveState --value "ublk@$1.service")" = "$2" ]; }

# shown on failure
units_say()
{
	[ "${status:-0}" != 0 ] || return 0
	systemctl --no-pager --full status "ublk@*" ublk.target | tail -n 40 || true
	journalctl --no-pager -b -u "ublk@*" | tail -n 40 || true
	ublk list || true
}
cleanup units_say
