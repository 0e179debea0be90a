# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a server in a page fault on its buffer (userfaultfd) when a read is committed
# covers: B16
# timeout: 120
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

param stop_timeout_ms 2000
serve srv --id 0 --depth 4 --recovery reissue --do uffd@usr1
usr1 srv
run_bg stuck read_block 0 1
wait_for 20 in_flight 0
stop_ends 0
fails stuck
kill_server srv
