# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a server that STOP gave up on commits late: ENODEV, and its successor is not harmed
# timeout: 150
# kernels: all
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

param stop_timeout_ms 1000
rm -f backing stop
serve old --id 0 --depth 4 --file old_backing --recovery reissue --do stall@usr1 --do resume@usr2
usr1 old
for n in 1 2 3 4; do run_bg "w$n" write_block 0 "$n"; done
saw_lines old 4 '^HELD'
ctl OK stop --id 0 --timeout 40
for n in 1 2 3 4; do fails "w$n"; done
serve new --id 0 --no-add --file backing
run_bg io become_server io.out ublk-io --file /dev/ublkb0 --size 4M --depth 4 --until stop
saw io '^RUNNING'
kill_bg old USR2
# all four COMMITs are refused, so it has nothing left and ends
wait_bg old
grep -q '^ENDED .* aborted=4 errors=0' old.out || fail "$(cat old.out)"
touch stop
wait_bg io
[ "$(counter 0 late_commits)" -ge 4 ] || fail "late_commits: $(counter 0 late_commits)"
stop_ends 0
wait_bg new
