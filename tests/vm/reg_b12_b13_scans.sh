# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: STOP and DEL right after START, and START after STOP: the scan is each disk's own
# covers: B12 B13
# timeout: 150
# tier: full
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/reg.sh"

truncate -s 16M f
sfdisk --quiet f <<<$'label: dos\nsize=4M\nsize=2M\n'
ARGS=(--id 0 --depth 4 --size 16M --file "$PWD/f")

partitions_are() { [ "$(find /sys/block/ublkb0/ -maxdepth 1 -name 'ublkb0p*' | wc -l)" = "$1" ]; }

ours param stop_timeout_ms 1000
# B12: the scan is waiting for its first read, or not even begun: it must not outlive the disk
for end in stop del stop del; do
	serve_until '^READY ' srv "${ARGS[@]}" --do stall@request:1
	[ "$end" = del ] || ctl OK stop --id 0
	ctl OK del --id 0
	kill -TERM "$BG_srv" 2>/dev/null || true
	wait_bg srv any
done
ok B12
# B13: the scan of the next disk is not ended by the STOP of the last one
serve_until '^READY ' srv "${ARGS[@]}"
for round in 1 2 3; do
	ctl OK stop --id 0
	wait_bg srv
	serve_until '^READY ' srv "${ARGS[@]}" --no-add
	wait_for 20 partitions_are 2
done
ctl OK stop --id 0
wait_bg srv
ctl OK del --id 0
ok B13
