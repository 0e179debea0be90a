# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: kmemleak finds nothing of what ran before in this boot (added to every boot with KASAN)
# timeout: 300
# only: kasan
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/leaks.sh"

no_leaks
