# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a process left behind is a failure although the script passed
# timeout: 60
# expect: fail
. "$UBLK_TESTS/vm/lib.sh"

setsid sleep 1000 &
disown
