# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: shared memory: 65536 buffers and no more, large ones, given back with the device
# timeout: 240
# tier: full
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/shmem.sh"

ctl OK add --id 0 --flags shmem-zc
ublk-shm fill --id 0 --count 65540 >fill.out
grep -qx 'registered=65536 errno=ENOSPC' fill.out || fail "$(cat fill.out)"
pinned 0 65536
ctl OK raw --id 0 --raw-op 0xc0207519 --data 40000
ublk-shm fill --id 0 --count 2 >fill.out
grep -qx 'registered=1 errno=ENOSPC' fill.out || fail "$(cat fill.out)"
ctl OK del --id 0
# a large one, and the pages of both are back
free_kb() { sed -n 's/^MemAvailable: *\([0-9]*\).*/\1/p' /proc/meminfo; }
before=$(free_kb)
shared big.shm 60M
ctl OK add --id 0 --flags shmem-zc
for _ in 1 2 3 4 5; do
	ublk-shm reg --id 0 --file big.shm >reg.out
	pinned 0 15360
	ctl OK raw --id 0 --raw-op 0xc0207519 --data 0
	pinned 0 0
done
ctl OK del --id 0
rm -f shm/big.shm big.shm
[ "$(free_kb)" -gt $((before - 20000)) ] || fail "memory: $(free_kb) kB of $before"
