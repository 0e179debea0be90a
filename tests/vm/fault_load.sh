# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: one allocation or copy in a hundred fails in a server under load; kill, takeover, no wrong byte
# timeout: 600
# only: kasan
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/kills.sh"
. "$UBLK_TESTS/vm/fault.sh"

faults() { cat /sys/kernel/debug/"$1"/times; }

# all threads of the server, and nobody else
for name in failslab fail_page_alloc fail_usercopy; do
	echo Y >"/sys/kernel/debug/$name/task-filter"
	echo 1 >"/sys/kernel/debug/$name/probability"
	echo 1000000 >"/sys/kernel/debug/$name/times"
done
cleanup eval 'for f in failslab fail_page_alloc fail_usercopy; do
	echo 0 >/sys/kernel/debug/$f/probability; done'

make_it_fail()
{
	local task
	for task in "/proc/$1"/task/*; do
		echo 1 >"$task/make-it-fail" || true
	done
}

for mode in copy get-data user-copy; do
	note "$mode"
	ARGS=(--id 0 --mode "$mode" --queues 2 --depth 8 --size 8M --file "$PWD/f.$mode" --flags no-part-scan)
	serve srv "${ARGS[@]}" --recovery reissue
	start_load /dev/ublkb0 --depth 16 --size 4M --allow-errors
	for i in 1 2 3 4; do
		make_it_fail "$BG_srv"
		moment 300 900
		# it may have died of a fault already
		kill -KILL "$BG_srv" 2>/dev/null || true
		wait_bg srv any
		wait_state 0 QUIESCED
		serve srv "${ARGS[@]}" --takeover
	done
	stop_load
	load_says wrong 0
	stop_ends 0
	wait_bg srv
done
for name in failslab fail_page_alloc fail_usercopy; do
	failed=$((1000000 - $(faults "$name")))
	[ "$failed" -gt 0 ] || fail "$name never struck"
	result "$name: $failed times"
done
