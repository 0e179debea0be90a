# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: two threads pread() what a server holds when it is SIGKILLed: nothing keeps the request
# covers: B5
# timeout: 150
# tier: full
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/reg.sh"

# A reference or pin that is left keeps the request from the successor and the session from the end.
session_freed() { [ "$(counter 0 sessions_alive)" = 1 ]; }

ARGS=(--size 4M --mode user-copy --file "$PWD/f")
head -c 131072 /dev/urandom >data
serve srv --id 0 --depth 2 "${ARGS[@]}" --recovery reissue --flags no-part-scan --do stall@usr1 \
	--do copy=2@usr2
for round in 1 2; do
	usr1 srv
	rm -f f.old
	run_bg one dd if=data of=/dev/ublkb0 bs=64k count=1 oflag=direct conv=nocreat status=none
	run_bg two dd if=data of=/dev/ublkb0 bs=64k count=1 skip=1 seek=1 oflag=direct \
		conv=nocreat status=none
	saw_lines srv 2 '^HELD'
	usr2 srv
	saw srv '^COPYING'
	kill_server srv
	wait_state 0 QUIESCED
	serve_until '^READY ' srv --id 0 --takeover "${ARGS[@]}" --do stall@usr1 --do copy=2@usr2
	ends_ok one
	ends_ok two
	cmp -n 131072 data f
	ours wait_for 20 session_freed
done
ctl OK stop --id 0
wait_bg srv
ctl OK del --id 0
ok B5
