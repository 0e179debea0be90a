# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a forked child keeps ublkcN: death is noticed, STOP and DEL end, the id is free
# covers: B2
# timeout: 120
# kernels: all
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

for act in fork fork-ring; do
	serve srv --id 0 --depth 4 --recovery reissue --do "$act@ready" --do stall@usr1
	saw srv '^CHILD'
	child=$(child_of srv)
	cleanup kill -KILL "$child"
	usr1 srv
	run_bg held write_block 0 1
	saw srv '^HELD'
	kill_server srv
	wait_state 0 QUIESCED
	stop_ends 0
	fails held
	kill -0 "$child" || fail "the child is gone, this test is not what it says"
	kill -KILL "$child"
done
