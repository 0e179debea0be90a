# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: SIGKILL of a server that has all tags of its queue: found at once, not by a timeout
# covers: B1
# timeout: 120
# kernels: all
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/reg.sh"

# No command is with the driver, so io_uring has nothing to cancel: the close of the node tells.
# Our own period would need an hour, and mainline before 6.15 waits for a request's timeout (30 s).
ours param monitor_period_ms 3600000
serve old --id 0 --depth 2 --size 4M --recovery reissue --flags no-part-scan --do stall@usr1
usr1 old
run_bg one write_block 0 1
run_bg two write_block 0 2
saw_lines old 2 '^HELD'
kill_server old
wait_state 0 QUIESCED 20
serve new --id 0 --takeover
ends_ok one
ends_ok two
ctl OK stop --id 0
wait_bg new
ctl OK del --id 0
ok B1
