# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: UPDATE_SIZE changes the capacity under a mounted server, and it lasts
# covers: C3
# timeout: 100
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

size_is()
{
	local size
	size=$(blockdev --getsize64 /dev/ublkb0)
	[ "$size" = $(($1 << 20)) ] || fail "$size bytes, not $1 MiB"
}

watch() { exec stdbuf -oL udevadm monitor --kernel --property --subsystem-match=block >events; }

ctl OK add --id 0 --flags recovery,update-size
ctl ENODEV update-size --id 0 --sectors 32768
ctl OK set-params --id 0 --size 8M --bs-shift 12
# the backing has room from the start
serve srv --id 0 --no-add --size 64M --file "$PWD/f"
size_is 8
! dd if=/dev/zero of=/dev/ublkb0 bs=1M seek=8 count=1 oflag=direct status=none 2>/dev/null ||
	fail "a write behind the end"

run_bg monitor watch
wait_for 20 grep -q '^KERNEL' events
exec 5<>/dev/ublkb0
ctl OK update-size --id 0 --sectors $((32 << 11))
size_is 32
wait_for 20 grep -q '^RESIZE=1' events
dd if=/dev/urandom of=data bs=1M count=1 status=none
dd if=data of=/dev/ublkb0 bs=1M seek=31 oflag=direct status=none
cmp -n $((1 << 20)) data f 0 $((31 << 20))

# not a whole block, and more than there can be
ctl EINVAL update-size --id 0 --sectors $(((32 << 11) + 1))
ctl EINVAL update-size --id 0 --sectors -1
size_is 32

# it lasts over a takeover, works while nobody serves, and over a new START
kill_server srv
wait_state 0 QUIESCED
size_is 32
ctl OK update-size --id 0 --sectors $((48 << 11))
size_is 48
serve srv --id 0 --takeover --size 64M --file "$PWD/f"
size_is 48
ctl OK update-size --id 0 --sectors $((16 << 11))
size_is 16
exec 5>&-
ctl OK stop --id 0
wait_bg srv
serve srv --id 0 --no-add --size 64M --file "$PWD/f"
size_is 16
stop_ends 0
wait_bg srv
kill_bg monitor TERM
wait_bg monitor any
