# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: fio --zonemode=zbd with verify on a zoned disk, several jobs and queues
# timeout: 240
# tier: full
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/cli.sh"
. "$UBLK_TESTS/vm/zoned.sh"

requires ublk ublk-zoned jq blkzone fio
new_zoned 0 --size 256M --zone-size 4M --zone-capacity 3M --max-open 12 --max-active 16 \
	--queues 2 --depth 32

zbd()
{
	bounded 200 fio --name="$1" --filename=/dev/ublkb0 --direct=1 --zonemode=zbd \
		--ioengine=libaio --verify=crc32c --group_reporting --output="$1.out" "${@:2}" ||
		{ cat "$1.out"; fail "fio $1"; }
	grep -q 'err= 0' "$1.out" || { cat "$1.out"; fail "fio $1 saw errors"; }
}

note "sequential, all zones"
zbd seq --rw=write --bs=128k --iodepth=8
[ "$(blkzone report /dev/ublkb0 | grep -c 'zcond:14(')" = 64 ] || fail "not all zones are full"
note "random, two jobs with zones of their own"
blkzone reset /dev/ublkb0
zbd rand --rw=randwrite --bs=4k --numjobs=2 --size=32z --offset_increment=32z --io_size=24M \
	--iodepth=16 --max_open_zones=12 --job_max_open_zones=6
note "overwritten: fio resets the zones itself"
zbd again --rw=randwrite --bs=64k --size=8z --io_size=64M --iodepth=4 --max_open_zones=4 \
	--verify_backlog=16
ublk del 0
