# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a raw server in user-copy mode keeps what is written
# timeout: 120
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

serve srv --id 0 --queues 2 --depth 32 --size 32M --discard --mode user-copy
info_is 0 nr_hw_queues 2 || fail "not 2 queues"
ublk-io --file /dev/ublkb0 --size 16M --jobs 2 --depth 16 --bs 128K --ios 3000
# what was discarded and zeroed reads back as zeroes
dd if=/dev/urandom of=/dev/ublkb0 bs=64k count=4 oflag=direct status=none
blkdiscard --offset 0 --length 64k /dev/ublkb0
blkdiscard --zeroout --offset 64k --length 64k /dev/ublkb0
cmp -n 131072 /dev/ublkb0 /dev/zero
stop_ends 0
wait_bg srv
