# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: the server closes ublkcN after FETCH: it serves on, its death is noticed
# covers: B2
# timeout: 120
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

# commands hold the file; a ring with the file registered can go on committing
serve srv --id 0 --depth 4 --recovery reissue --fixed-file --do close-char@ready
dd if=/dev/zero of=/dev/ublkb0 bs=64k count=8 oflag=direct status=none
kill_server srv
wait_state 0 QUIESCED
stop_ends 0

# nothing to commit with: like a server that is stuck
param stop_timeout_ms 2000
serve srv --id 0 --depth 4 --recovery reissue --do stall@usr1 --do close-char@usr1
usr1 srv	# nobody's request is on its way, whose COMMIT would find no file
run_bg held write_block 0 1
saw srv '^HELD'
stop_ends 0
fails held
kill_server srv
