# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a script that cannot run is counted as skipped, with its reason
# timeout: 20
# expect: skip
. "$UBLK_TESTS/vm/lib.sh"

skip "to show that a skip is seen"
