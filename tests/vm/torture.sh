# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# What the scripts about ublk-torture share; sourced after lib.sh and cli.sh.

# torture STATUS [ARG..]: ublk-torture, its verdict in verdict.json; it has to end with STATUS.
torture()
{
	local wanted=$1 status=0
	shift
	bounded 300 ublk-torture --json "$@" >verdict.json 2>torture.err || status=$?
	[ "$status" = "$wanted" ] ||
		fail "ublk-torture $*: status $status, not $wanted: $(cat torture.err verdict.json)"
	json verdict.json ".status == $wanted"
}

# says FILTER: of the last verdict
says() { jq -r "$1" verdict.json; }

# tally WHAT: a line about the last verdict
tally()
{
	result "$1: $(says '"\(.kills) kills, \(.counted) count, \(.blocks_judged) blocks judged, \(
		.excused) excused, seed \(.seed)"')"
}
