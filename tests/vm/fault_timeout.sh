# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: the block layer's time limit passes again and again: the request stays the server's
# timeout: 120
# only: kasan
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

serve srv --id 0 --depth 8 --size 8M --recovery reissue --flags no-part-scan --do stall@usr1 \
	--do resume@usr2
echo 200 >/sys/block/ublkb0/queue/io_timeout
usr1 srv
run_bg held write_block 0 1
saw srv '^HELD'
# a dozen limits, each of which would be the end of a request on other drivers
sleep 3
is_running held || fail "the write ended"
[ "$(slots 0 SERVER)" = 1 ] || fail "the slot is not the server's any more"
usr2 srv
wait_bg held
stop_ends 0
wait_bg srv
