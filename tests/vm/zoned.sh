# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# What the scripts about zoned devices share; sourced after lib.sh and cli.sh.

# zone ID N FIELD: of zone N as the kernel reports it: start, len, cap, wptr (from its start), zcond, type
zone()
{
	local sectors
	sectors=$(cat "/sys/block/ublkb$1/queue/chunk_sectors")
	bounded 60 blkzone report --offset $(($2 * sectors)) --count 1 "/dev/ublkb$1" >zone.out ||
		fail "no report of zone $2 of $1"
	case $3 in
	zcond)	sed -n 's/.*zcond: *\([0-9]*\)(.*/\1/p' zone.out ;;
	type)	sed -n 's/.*type: *\([0-9]*\)(.*/\1/p' zone.out ;;
	start)	echo $(($(sed -n 's/.*start: *\(0x[0-9a-f]*\).*/\1/p' zone.out))) ;;
	*)	echo $(($(sed -n "s/.*$3 \\(0x[0-9a-f]*\\).*/\\1/p" zone.out))) ;;
	esac
}

# zone_is ID N FIELD VALUE
zone_is()
{
	local is
	is=$(zone "$1" "$2" "$3")
	[ "$is" = "$4" ] || fail "zone $2: $3 is $is, not $4: $(cat zone.out)"
}

# zone_cmd ID VERB N: blkzone open, close, finish or reset of zone N
zone_cmd()
{
	local sectors
	sectors=$(cat "/sys/block/ublkb$1/queue/chunk_sectors")
	bounded 60 blkzone "$2" --offset $(($3 * sectors)) --count 1 "/dev/ublkb$1"
}

# zone_write ID N OFFSET FILE: at so many bytes of the zone, in one go
zone_write()
{
	local sectors
	sectors=$(cat "/sys/block/ublkb$1/queue/chunk_sectors")
	bounded 60 dd if="$4" of="/dev/ublkb$1" bs=256K oflag=direct,seek_bytes \
		seek=$(($2 * sectors * 512 + $3)) conv=notrunc status=none
}

# zone_read ID N OFFSET BYTES: to standard output
zone_read()
{
	local sectors
	sectors=$(cat "/sys/block/ublkb$1/queue/chunk_sectors")
	bounded 60 dd if="/dev/ublkb$1" bs=4K iflag=direct,skip_bytes,count_bytes \
		skip=$(($2 * sectors * 512 + $3)) count="$4" status=none
}

# new_zoned ID ARG..: a zoned disk on $SCRATCH/zoned.ID
new_zoned()
{
	local id=$1
	shift
	rm -f "$SCRATCH/zoned.$id"
	cleanup rm -f "$SCRATCH/zoned.$id"
	ublk add zoned --file "$SCRATCH/zoned.$id" --id "$id" "$@"
}
