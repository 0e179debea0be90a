# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a guest that dies is reported as 125, with its console
# timeout: 60
# expect: died
. "$UBLK_TESTS/vm/lib.sh"

echo "about to panic"
echo c >/proc/sysrq-trigger
sleep 1000
