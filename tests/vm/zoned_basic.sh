# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a zoned disk: report, open, close, finish, reset, reset all, limits, write pointers
# timeout: 120
# kernels: all
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/cli.sh"
. "$UBLK_TESTS/vm/zoned.sh"

requires ublk ublk-zoned jq blkzone
ublk features | grep -qw ZONED || fail "ZONED is not offered"
new_zoned 0 --size 64M --zone-size 4M --zone-capacity 3M --conventional 1 --max-open 2 \
	--max-active 3 --queues 2
q=/sys/block/ublkb0/queue
[ "$(cat $q/zoned)" = host-managed ] || fail "it is $(cat $q/zoned)"
[ "$(cat $q/nr_zones)" = 16 ] || fail "$(cat $q/nr_zones) zones"
[ "$(cat $q/chunk_sectors)" = 8192 ] || fail "zones of $(cat $q/chunk_sectors) sectors"
[ "$(cat $q/max_open_zones) $(cat $q/max_active_zones)" = "2 3" ] || fail "limits"
[ "$(cat $q/zone_append_max_bytes)" = 524288 ] || fail "append: $(cat $q/zone_append_max_bytes)"
[ "$(blkzone report /dev/ublkb0 | wc -l)" = 16 ] || fail "not 16 in the report"
zone_is 0 0 type 1
zone_is 0 1 type 2
zone_is 0 15 start $((15 * 8192))
zone_is 0 15 cap $((0x1800))

head -c 768K /dev/urandom >data
note "writes at the pointer, and nowhere else"
zone_write 0 1 0 data
zone_is 0 1 wptr $((768 * 2))
zone_is 0 1 zcond 2
zone_read 0 1 0 768K | cmp - data
zone_read 0 1 $((768 * 1024)) 256K | cmp -n 262144 - /dev/zero
! zone_write 0 1 4096 data 2>/dev/null || fail "written behind the pointer"
! zone_write 0 1 $((1 << 20)) data 2>/dev/null || fail "written before the pointer"
zone_is 0 1 wptr $((768 * 2))
note "a conventional zone takes it anywhere"
zone_write 0 0 $((1 << 20)) data
zone_write 0 0 4096 data
zone_read 0 0 4096 768K | cmp - data

note "conditions"
zone_cmd 0 open 2
zone_is 0 2 zcond 3
zone_cmd 0 close 1
zone_is 0 1 zcond 4
zone_cmd 0 close 2
zone_is 0 2 zcond 1
zone_cmd 0 finish 3
zone_is 0 3 zcond 14
zone_read 0 3 0 64K | cmp -n 65536 - /dev/zero
zone_cmd 0 reset 1
zone_is 0 1 zcond 1
zone_is 0 1 wptr 0
zone_read 0 1 0 768K | cmp -n 786432 - /dev/zero

note "full at its capacity"
for i in 0 1 2 3; do zone_write 0 1 $((i * 768 * 1024)) data; done
zone_is 0 1 zcond 14
zone_read 0 1 $((3 * 768 * 1024)) 768K | cmp - <(cat data /dev/null)

note "limits: two open, three active"
zone_cmd 0 open 5
zone_cmd 0 open 6
! zone_cmd 0 open 7 2>limit.out || fail "three zones are open"
zone_write 0 5 0 data
zone_cmd 0 close 5
zone_write 0 7 0 data
zone_cmd 0 close 7
# 5 and 7 closed, 6 open
! zone_cmd 0 open 8 2>limit.out || fail "four zones are active"
! zone_write 0 8 0 data 2>/dev/null || fail "a write opened a fourth"
zone_cmd 0 reset 5
zone_cmd 0 open 8

note "all at once"
blkzone reset /dev/ublkb0
[ "$(blkzone report /dev/ublkb0 | grep -c 'zcond: 1(')" = 15 ] || fail "not all are empty"
zone_read 0 0 4096 768K | cmp - data

note "a zoned disk has the size that its zones have"
ublk resize 0 32M 2>resize.out && fail "it was resized"
ublk del 0
note "the file knows its zones"
expect 1 "has another zone size" ublk add zoned --file "$SCRATCH/zoned.0" --zone-size 8M --size 64M
# in use, in the wrong state, or somebody else's: ublk(8)
expect 5 "has something else in it" ublk add zoned --file "$PWD/data" --size 64M
expect 1 "say its --size" ublk add zoned --file "$PWD/none"
ublk add zoned --file "$SCRATCH/zoned.0" --id 3
zone_read 3 0 4096 768K | cmp - data
ublk del 3
