# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: STOP against a QUIESCE that is just closing the session: both end, and nothing is left
# timeout: 150
# tier: full
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/reg.sh"

for round in 1 2 3 4 5; do
	serve_until '^READY ' srv --id 0 --queues 2 --depth 64 --size 4M --recovery plain \
		--flags quiesce,no-part-scan
	run_bg quiesce become_server quiesce.out ublk-ctl quiesce --id 0 --wait-ms 20000
	# some of these are before it, some while it closes, some after it
	sleep "0.0$((RANDOM % 10))$((RANDOM % 10))"
	ctl OK stop --id 0
	wait_bg quiesce any
	grep -qE '^errno=(OK|EBUSY|ENODEV)$' quiesce.out || fail "QUIESCE: $(cat quiesce.out)"
	state_is 0 DEAD || fail "the device is $(state_of 0)"
	wait_bg srv any
	has_line srv '^ENDED .*held=0 aborted=128 errors=0' || fail "$(cat srv.out)"
	note "round $round: QUIESCE $(grep '^errno' quiesce.out)"
	ctl OK del --id 0
done
ok "STOP against QUIESCE"
