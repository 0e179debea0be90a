# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a healthy server: STOP writes back what is buffered, the node still open, in each mode
# timeout: 180
# kernels: all
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

# The write-back goes through the server, so force_abort must not come before it is done.
dd if=/dev/urandom of=data bs=1M count=8 status=none
for recovery in off plain reissue fail-io; do
	rm -f backing
	serve srv --id 0 --depth 16 --size 8M --file backing --recovery "$recovery"
	exec 5<>/dev/ublkb0
	cat data >&5
	ctl OK stop --id 0 --timeout 60
	cmp data backing || fail "$recovery: data that were buffered are not in the backing file"
	exec 5>&-
	wait_bg srv
	del_ends 0
done
