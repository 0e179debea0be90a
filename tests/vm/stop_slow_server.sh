# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a server of one commit a second is not aborted: everything buffered is written
# timeout: 180
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

# the limit is time without progress: several times over it must not matter
param stop_timeout_ms 4000
dd if=/dev/urandom of=data bs=64k count=12 status=none
truncate -s 1M backing
serve srv --id 0 --depth 1 --size 1M --buf 64K --file backing --recovery reissue \
	--commit-delay-ms 1000 --flags no-part-scan
exec 5<>/dev/ublkb0
cat data >&5
from=$SECONDS
ctl OK stop --id 0 --timeout 120
cmp -n $((12 * 65536)) data backing || fail "buffered data are not in the backing file"
note "STOP took $((SECONDS - from)) s"
exec 5>&-
wait_bg srv
del_ends 0
