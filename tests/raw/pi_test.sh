#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# pi_test.sh UBLK-PI: the checker of protection information knows each checksum, and finds what is
# wrong.
set -eu -o pipefail
pi=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

# put OFFSET HEX: bytes of the metadata, complemented
put()
{
	local hex=$2 i
	for ((i = 0; i < ${#hex}; i += 2)); do
		printf '%b' "\\x$(printf %02x $((0x${hex:i:2} ^ 255)))" |
			dd of=meta bs=1 seek=$(($1 + i / 2)) conv=notrunc status=none
	done
}
says() { [ "$("$pi" data meta "$1")" = "$2" ] || { "$pi" data meta "$1"; echo "$1: not $2"; exit 1; }; }
refuses() { ! "$pi" data meta "$1" >out || { cat out; exit 1; }; grep -q "$2" out; }

# two intervals of zeros
truncate -s 1024 data
truncate -s 64 meta
says 2:8:0:9:3 'fits=0 unchecked=2 bad=0'
put 8 0000000000000001
says 2:8:0:9:3 'fits=1 unchecked=1 bad=0'
put 8 0000000000000000
refuses 2:8:0:9:3 'interval 1: bad reference tag'
says 2:8:0:9:1 'fits=1 unchecked=1 bad=0'
put 8 0001000000000001
refuses 2:8:0:9:3 'interval 1: bad guard'
put 8 ffff000000000001
says 1:8:0:9:3 'fits=1 unchecked=1 bad=0'

# computed elsewhere, by what gives the standards' check values: d0db, ae8b14860a799888
head -c 512 /dev/zero | tr '\0' 'a' >data
truncate -s 0 meta
truncate -s 64 meta
put 0 fe3f000000000000
says 2:8:0:9:3 'fits=1 unchecked=0 bad=0'
put 0 9e9e000000000000
says 1:8:0:9:3 'fits=1 unchecked=0 bad=0'
put 0 87f3902906b5aebb0000000000000000
says 4:16:0:9:3 'fits=1 unchecked=0 bad=0'
# metadata ahead of the tuple count
truncate -s 0 meta
truncate -s 64 meta
put 0 31323334962f000000000000
says 2:12:4:9:3 'fits=1 unchecked=0 bad=0'
truncate -s 0 meta
truncate -s 64 meta
put 0 316d9e000000000000
says 1:9:1:9:3 'fits=1 unchecked=0 bad=0'
echo ok
