# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a server with an SQPOLL ring: I/O, death, takeover, STOP
# timeout: 120
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

serve srv --id 0 --depth 4 --recovery reissue --sqpoll
dd if=/dev/zero of=/dev/ublkb0 bs=64k count=8 oflag=direct status=none
kill_server srv
wait_state 0 QUIESCED
serve new --id 0 --takeover --sqpoll
dd if=/dev/zero of=/dev/ublkb0 bs=64k count=8 oflag=direct status=none
stop_ends 0
wait_bg new
