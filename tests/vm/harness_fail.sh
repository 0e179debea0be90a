# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a script that ends with a status of its own is reported as failed
# timeout: 20
# expect: fail
. "$UBLK_TESTS/vm/lib.sh"

echo "about to end with 1"
false
