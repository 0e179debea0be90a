# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: SET_PARAMS whose memory ends half way changes nothing; one that waits for it holds up nobody
# covers: C6
# timeout: 100
# kernels: all
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/reg.sh"

bounded 30 ublk-register params-fault || fail "params-fault"
ok C6
is_ours || exit 0
bounded 60 ublk-register params-wait || fail "params-wait"
ok "SET_PARAMS in a page fault"
