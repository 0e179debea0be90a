# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a server killed while in D state: STOP and DEL end before it does
# timeout: 120
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

requires fsfreeze mkfs.ext4
param stop_timeout_ms 2000
freezable 1 mnt
serve srv --id 0 --depth 4 --recovery reissue --block-in mnt/file
fsfreeze -f mnt
cleanup fsfreeze -u mnt
run_bg stuck write_block 0 1
wait_for 20 worker_in_d "$BG_srv" 'percpu_rwsem_wait|__percpu_down_read'
kill_bg srv KILL
# Its thread may never end, and with it what it was writing: to keep that from a successor's
# data is the fence's business. The device does not wait for it.
stop_ends 0
is_running srv || fail "the server is gone already, this test is not what it says"
fails stuck
fsfreeze -u mnt
wait_bg srv 137
unfreezable 1 mnt
