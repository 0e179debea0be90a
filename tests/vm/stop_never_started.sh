# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a server that has fetched all is not started: STOP and DEL end
# covers: B14
# timeout: 120
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

serve_until '^FETCHED' srv --id 0 --depth 8 --no-start
stop_ends 0
saw srv '^ENDED .* aborted=8 errors=0'
wait_bg srv
# and one that died before START leaves a device that can be started by another
serve_until '^FETCHED' srv --id 0 --depth 8 --do die@fetched
wait_bg srv 137
serve srv --id 0 --no-add
stop_ends 0
wait_bg srv
