# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: STOP with a healthy server and the node still open: every buffered byte is in the backing
# timeout: 200
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

# nothing is written back before STOP does it
echo 0 >/proc/sys/vm/dirty_writeback_centisecs
cleanup sh -c 'echo 500 >/proc/sys/vm/dirty_writeback_centisecs'

SIZE=$((24 << 20))
for recovery in off plain reissue fail-io; do
	note "recovery $recovery"
	rm -f f data
	head -c "$SIZE" /dev/urandom >data
	# a little slow, so that STOP meets a lot that is still to be written
	serve srv --id 0 --queues 2 --depth 16 --size "$SIZE" --file "$PWD/f" \
		--recovery "$recovery" --commit-delay-ms 2
	exec 5<>/dev/ublkb0
	cat data >&5
	! cmp -s data f || fail "all was written before STOP: nothing is tested"
	ctl OK stop --id 0
	cmp data f || fail "recovery $recovery: STOP lost what was buffered"
	counter_failed=$(counter 0 failed)
	[ "$counter_failed" = 0 ] || fail "$counter_failed requests failed by STOP"
	exec 5>&-
	ctl OK del --id 0
	wait_bg srv
done
