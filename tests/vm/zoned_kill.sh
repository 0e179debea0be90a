# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: SIGKILL under zoned load, 12 times: no error, write pointers kept, all data verified
# timeout: 240
# tier: full
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/cli.sh"
. "$UBLK_TESTS/vm/zoned.sh"

requires ublk ublk-zoned jq blkzone fio
KILLS=${KILLS:-12}
new_zoned 0 --size 128M --zone-size 4M --max-open 8 --queues 2 --supervise --restarts 1000

# finished zones do not change any more: what is in them now has to be in them at the end
head -c 2M /dev/urandom >data
zone_write 0 0 0 data
zone_cmd 0 close 0
# and one that is open by itself
zone_cmd 0 open 1

load()
{
	fio --name=z --filename=/dev/ublkb0 --direct=1 --zonemode=zbd --rw=randwrite \
		--bssplit=4k/40:64k/60 --ioengine=libaio --iodepth=8 --numjobs=1 --offset=2z \
		--size=30z --io_size=100M --max_open_zones=4 --verify=crc32c --verify_backlog=64 \
		--group_reporting --output=fio.out
}

run_bg fio load
kill_under fio "$KILLS"
result "$KILLED kills"
zone_is 0 0 wptr 4096
zone_is 0 0 zcond 4
zone_is 0 1 zcond 3
zone_read 0 0 0 2M | cmp - data
# what was acknowledged last is there although nobody flushed
zone_write 0 1 0 data
kill -KILL "$(server_of 0)"
zone_is 0 1 wptr 4096
zone_read 0 1 0 2M | cmp - data
ublk del 0
