# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a script that never ends is ended and reported as 124
# timeout: 5
# expect: timeout
. "$UBLK_TESTS/vm/lib.sh"

echo "about to hang"
sleep 1000
