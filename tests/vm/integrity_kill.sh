# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: SIGKILL under protected load, and while metadata are copied: no error, every tuple fits
# timeout: 240
# tier: full
# kernels: 7.2 7.3
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/cli.sh"
. "$UBLK_TESTS/vm/integrity.sh"

requires ublk ublk-loop jq fio
needs_integrity
unwatched
KILLS=${KILLS:-8}
IMG=$SCRATCH/pi.img
PI=$SCRATCH/pi.tuples
cleanup rm -f "$IMG" "$PI"

truncate -s 128M "$IMG"
ublk add loop --file "$IMG" --integrity "$PI" --id 0 --queues 2 --block-size 4096 \
	--integrity-interval 512 --recovery reissue --supervise --restarts 1000 >/dev/null

load()
{
	fio --name=p --filename=/dev/ublkb0 --direct=1 --rw=randwrite --bssplit=4k/40:64k/60 \
		--ioengine=libaio --iodepth=8 --size=128M --io_size=100M --verify=crc32c \
		--verify_backlog=64 --output=fio.out
}

run_bg fio load
kill_under fio "$KILLS"
sync "$IMG" "$PI"
ublk-pi "$IMG" "$PI" 2:8:0:9:3 | tee pi.out || fail "the stored tuples do not fit"
fits=$(sed -n 's/^fits=\([0-9]*\) .*/\1/p' pi.out)
[ "$fits" -ge 10000 ] || fail "only $fits tuples"
result "$KILLED kills, $fits tuples"
ublk del 0

note "threads that copy metadata when their server is killed"
session_freed() { [ "$(counter 0 sessions_alive)" = 1 ]; }
ARGS=(--size 4M --mode user-copy --file "$PWD/f" --meta 2:8:0:9:3)
head -c 131072 /dev/urandom >data
serve srv --id 0 --depth 2 "${ARGS[@]}" --recovery reissue --flags no-part-scan --do stall@usr1 \
	--do copy=2@usr2
for round in 1 2 3; do
	note "round $round"
	usr1 srv
	run_bg one dd if=data of=/dev/ublkb0 bs=64k count=1 oflag=direct conv=nocreat status=none
	run_bg two dd if=data of=/dev/ublkb0 bs=64k count=1 skip=1 seek=1 oflag=direct \
		conv=nocreat status=none
	saw_lines srv 2 '^HELD'
	usr2 srv
	saw srv '^COPYING'
	kill_server srv
	wait_state 0 QUIESCED
	serve_until '^READY ' srv --id 0 --takeover "${ARGS[@]}" --do stall@usr1 --do copy=2@usr2
	wait_bg one
	wait_bg two
	cmp -n 131072 data f
	ublk-pi f f.meta 2:8:0:9:3
	wait_for 20 session_freed
done
# the same with what is read: the request goes back, and comes again with its metadata
usr1 srv
run_bg one dd if=/dev/ublkb0 of=back bs=64k count=2 iflag=direct status=none
saw srv '^HELD'
kill_server srv
wait_state 0 QUIESCED
serve_until '^READY ' srv --id 0 --takeover "${ARGS[@]}"
wait_bg one
cmp data back
stop_ends 0
wait_bg srv
