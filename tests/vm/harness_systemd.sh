# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: systemd is process 1, is up and runs units; a guest that goes down comes back as it was
# timeout: 180
# init: systemd
# reboots: 1
. "$UBLK_TESTS/vm/lib.sh"

case $UBLK_PHASE in
1)
	[ "$(readlink -f /proc/1/exe)" = /usr/lib/systemd/systemd ] || fail "process 1 is another"
	bounded 60 systemctl --quiet is-system-running --wait ||
		{ systemctl --failed --no-pager; fail "not all units are up"; }
	bounded 60 systemd-run --quiet --wait --pipe --unit=told cat /proc/self/cgroup >cgroup
	grep -q '/system.slice/told.service' cgroup || fail "run elsewhere: $(cat cgroup)"
	[ "$(ublk list --json | jq -r '.devices | length')" = 0 ] || fail "ublk list"
	echo here >/root/stays
	# It says so on its way down, to a file and to what is shown, when all others are gone.
	cat >/run/systemd/system/late.service <<-'EOT'
		[Service]
		ExecStart=/bin/sleep infinity
		ExecStop=/bin/sh -c 'echo late >/root/late'
	EOT
	systemctl daemon-reload
	systemctl start late
	reboot_guest
	;;
2)
	[ "$(cat /root/stays /root/late)" = $'here\nlate' ] || fail "the root is not as it was"
	[ -s cgroup ] || fail "the directory is not as it was"
	journalctl -b -1 -q | grep -q 'Stopp.*late.service' || fail "no journal of the way down"
	result "systemd $(systemctl --version | sed -n '1s/.*(\(.*\))/\1/p'), down in $UBLK_DOWN_SECONDS s"
	;;
esac
