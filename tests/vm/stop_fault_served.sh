# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a page fault on the server's buffer that is served late: the I/O succeeds
# timeout: 120
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

serve srv --id 0 --depth 4 --recovery reissue --do uffd@usr1 --do uffd-serve@usr2
usr1 srv
run_bg write write_block 0 1
run_bg read read_block 0 2
wait_for 20 in_flight 0 2
usr2 srv
wait_bg write
wait_bg read
stop_ends 0
wait_bg srv
