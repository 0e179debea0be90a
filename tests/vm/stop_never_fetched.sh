# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a server that never fetches all: START waits, STOP and DEL end both
# covers: A5 A9
# timeout: 120
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

serve_until '^FETCHED' srv --id 0 --depth 8 --recovery reissue --fetch-only 3
ctl OK info --id 0
[ "$(answer state_name)" = DEAD ] || fail "state $(answer state_name)"
stop_ends 0
# the START that waited is refused, and the commands that were held came back
saw srv '^NOT_READY .* res=-(16|19|4)$'
saw srv '^ENDED .* aborted=3 errors=0'
wait_bg srv
