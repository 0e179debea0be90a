# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: FETCH and COMMIT through io-wq (IOSQE_ASYNC): I/O, death, takeover, STOP
# covers: A7
# timeout: 150
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

serve srv --id 0 --depth 8 --recovery reissue --iosqe-async
ublk-io --file /dev/ublkb0 --size 8M --depth 8 --ios 500
kill_server srv
wait_state 0 QUIESCED
serve new --id 0 --takeover --iosqe-async
ublk-io --file /dev/ublkb0 --size 8M --depth 8 --ios 500
stop_ends 0
wait_bg new
