# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: DISCARD and WRITE_ZEROES arrive, cut as the parameters say, and do what they mean
# timeout: 100
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

ops() { grep -c "ublk_dispatch: .* op=$1 .*nr_sectors=${2:-}" trace || true; }
blocks() { stat -c %b f; }

head -c $((48 << 20)) /dev/urandom >data
# 16 MiB at most in one request
serve srv --id 0 --size 48M --file "$PWD/f" --discard
dd if=data of=/dev/ublkb0 bs=1M oflag=direct status=none
sync f
full=$(blocks)

trace_on ublk_dispatch
blkdiscard --offset 0 --length 40M /dev/ublkb0
trace_off
trace_save trace
[ "$(ops 3 32768)" = 2 ] && [ "$(ops 3 16384)" = 1 ] && [ "$(ops 3)" = 3 ] ||
	fail "40 MiB were not discarded in three: $(grep op=3 trace)"
[ "$(blocks)" -le $((full - (40 << 11))) ] || fail "the backing has $(blocks) blocks of $full"
cmp -n $((40 << 20)) /dev/ublkb0 /dev/zero
cmp -i $((40 << 20)) /dev/ublkb0 data

trace_on ublk_dispatch
blkdiscard --zeroout --offset 44M --length 2M /dev/ublkb0
trace_off
trace_save trace
[ "$(ops 5)" = 1 ] && [ "$(ops 5 4096)" = 1 ] && [ "$(ops 1)" = 0 ] ||
	fail "2 MiB were not zeroed in one: $(grep ublk_dispatch trace)"
cmp -i $((44 << 20)):0 -n $((2 << 20)) /dev/ublkb0 /dev/zero
cmp -i $((46 << 20)) /dev/ublkb0 data
cmp -i $((40 << 20)) -n $((4 << 20)) /dev/ublkb0 data
stop_ends 0
wait_bg srv

note "a server that takes neither"
serve srv --id 0 --size 8M --file "$PWD/f"
trace_on ublk_dispatch
! blkdiscard --length 1M /dev/ublkb0 2>/dev/null || fail "a discard that nobody does"
blkdiscard --zeroout --length 1M /dev/ublkb0
trace_off
trace_save trace
[ "$(ops 3)" = 0 ] && [ "$(ops 5)" = 0 ] && [ "$(ops 1)" -gt 0 ] ||
	fail "zeroes have to be written: $(grep ublk_dispatch trace)"
cmp -n $((1 << 20)) /dev/ublkb0 /dev/zero
stop_ends 0
wait_bg srv
