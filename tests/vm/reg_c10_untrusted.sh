# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a server that fetches without CAP_SYS_ADMIN: the kernel does not read its partition table
# covers: C10
# timeout: 100
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/reg.sh"

partitions() { find /sys/block/ublkb0/ -maxdepth 1 -name 'ublkb0p*' | wc -l; }
partitions_are() { [ "$(partitions)" = "$1" ]; }

truncate -s 16M f
sfdisk --quiet f <<<$'label: dos\nsize=4M\nsize=2M\n'
ARGS=(--id 0 --depth 4 --size 16M --file "$PWD/f" --no-start)
# one of two workers has dropped what it had: the other completes the queue
for drop in opened between-fetches; do
	serve_until '^FETCHED' srv "${ARGS[@]}" --split 2 --do "drop@$drop"
	ctl OK start --id 0 --pid "$BG_srv"
	settle_disk 0
	partitions_are 0 || fail "the partitions were looked for"
	# nor when it is asked for
	! blockdev --rereadpt /dev/ublkb0 2>/dev/null || partitions_are 0 || fail "asked for: found"
	ctl OK stop --id 0
	wait_bg srv
	ctl OK del --id 0
done
serve_until '^FETCHED' srv "${ARGS[@]}"
ctl OK start --id 0 --pid "$BG_srv"
wait_for 20 partitions_are 2
ctl OK stop --id 0
wait_bg srv
ctl OK del --id 0
ok C10
