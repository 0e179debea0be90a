# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# What the scripts about ublk doctor share; sourced after lib.sh and cli.sh.

# The package's rule is not in this guest; that it is missed has a test of its own.
udev_rule=/etc/udev/rules.d/60-ublk.rules
if [ ! -e "$udev_rule" ]; then
	mkdir -p "${udev_rule%/*}"
	echo '# ublk' >"$udev_rule"
	cleanup rm -f "$udev_rule"
fi

# doctor_by STATUS LEVEL CHECKS COMMAND..: run by that command (env, say), it finds these checks to
# be wrong, and no other
doctor_by()
{
	local status=0 wanted=$1 level=$2 checks=$3 found
	shift 3
	bounded 60 "$@" ublk doctor --json >doctor.json || status=$?
	found=$(jq -r '[.findings[] | select(.level != "ok") | .check] | unique | join(" ")' \
		doctor.json)
	[ "$status" = "$wanted" ] || fail "doctor: $status, not $wanted: $(cat doctor.json)"
	[ "$found" = "$checks" ] || fail "doctor found \"$found\", not \"$checks\": $(cat doctor.json)"
	json doctor.json ".level == \"$level\""
	json doctor.json '[.findings[] | select(.level != "ok")] | all(.remedy != null)'
}

# doctor STATUS LEVEL CHECK..
doctor()
{
	local status=$1 level=$2
	shift 2
	doctor_by "$status" "$level" "$*" env
}
