# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: two COMMITs of one slot in io-wq, both waiting for a page: one wins, the data are right
# timeout: 100
# kernels: all
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/reg.sh"

bounded 60 ublk-register async-commits || fail "async-commits"
ok "two COMMITs of one slot"
