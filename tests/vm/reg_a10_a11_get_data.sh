# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: NEED_GET_DATA: killed while its copy waits for a page; COMMIT where there was no request
# covers: A10 A11
# timeout: 120
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/reg.sh"

# A11: EBUSY, and no look into a request that never was.
bounded 30 ublk-register get-data || fail "get-data"
ok A11
# A10: the slot is not left half set up: the device is QUIESCED, the write goes to the successor.
serve old --id 0 --depth 2 --size 4M --mode get-data --recovery reissue --file "$PWD/f" \
	--flags no-part-scan --do uffd@usr1
usr1 old
head -c 4096 /dev/urandom >data
run_bg write dd if=data of=/dev/ublkb0 bs=4k count=1 oflag=direct conv=nocreat status=none
wait_for 20 waits_in old handle_userfault
kill_server old
wait_state 0 QUIESCED
serve new --id 0 --takeover --file "$PWD/f"
ends_ok write
cmp -n 4096 data f
stop_ends 0
wait_bg new
ok A10
