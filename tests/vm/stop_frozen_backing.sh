# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a server in D state on a frozen file system: STOP and DEL end
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
stop_ends 0
fails stuck
# SIGKILL does not end it either, and still its device was deleted
fsfreeze -u mnt
wait_bg srv
unfreezable 1 mnt
