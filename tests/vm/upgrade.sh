# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034 # what is set here is used by others
# A file to serve, a copy of its server's program, and what has to hold after each `ublk upgrade`.
# Sourced after cli.sh.

img=$SCRATCH/upgraded.img
truncate -s 32M "$img"
cleanup rm -f "$img"
record=${UBLK_RUN_DIR:-/run/ublk}/0
bin=$PWD/bin
mkdir "$bin"
cp "$(command -v ublk-loop)" "$bin/ublk-loop"

settled()
{
	[ ! -e "$record.old" ] || fail "the record of before the upgrade is still there"
	state_is 0 LIVE || fail "$(state_of 0)"
	json <(ublk info 0 --json) '.server_alive'
}
