# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a request that takes longer than the queue's timeout: nobody is killed, it is still served
# covers: C14
# timeout: 100
# tier: full
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/reg.sh"


serve srv --id 0 --depth 2 --size 4M --flags no-part-scan --do stall@usr1 --do resume@usr2
echo 500 >/sys/block/ublkb0/queue/io_timeout
usr1 srv
run_bg slow write_block 0 1
saw srv '^HELD'
# several times over: there is nothing to wait for but the time
sleep 3
is_running srv || fail "the server was killed"
is_running slow || fail "the request ended without its server"
usr2 srv
ends_ok slow
stop_ends 0
wait_bg srv
ok C14
