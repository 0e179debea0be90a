# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: FETCH by many threads at once, against STOP, against DEL, and by threads that are gone
# covers: A8 A9 A12
# timeout: 200
# kernels: all
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/reg.sh"

# A12: of several FETCHes of a tag exactly one is held, and the count of ready slots is right.
bounded 100 ublk-register fetch-race --rounds 12 || fail "fetch-race"
ok A12
# A8: whenever STOP comes every FETCH comes back once, and the ring can be closed: a command that is
# marked cancelable after somebody else completed it stays on the ring's list.
# A9: START never goes live over what a STOP has ended.
bounded 100 ublk-register stop-fetch --rounds 40 || fail "stop-fetch"
ok A8
# A9: nor does it oops over slots whose thread is gone.
ours param stop_timeout_ms 2000
bounded 60 ublk-register dead-slots || fail "dead-slots"
ok A9
note "and against a DEL"
bounded 100 ublk-register open-del --rounds 16 || fail "open-del"
ok "open against STOP and DEL"
