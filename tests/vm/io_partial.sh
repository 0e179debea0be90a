# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a result shorter than the request: the rest comes again, and every byte arrives
# covers: C13
# timeout: 150
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

dispatched() { grep -c "ublk_dispatch: .* op=$1 .*$2" trace || true; }

head -c $((1 << 20)) /dev/urandom >data
for mode in copy get-data user-copy; do
	note "mode $mode"
	rm -f f
	serve srv --id 0 --size 4M --depth 8 --file "$PWD/f" --partial 24K --mode "$mode"
	trace_on ublk_dispatch
	dd if=data of=/dev/ublkb0 bs=64k oflag=direct status=none
	dd if=/dev/ublkb0 of=back bs=64k count=16 iflag=direct status=none
	trace_off
	trace_save trace
	cmp -n $((1 << 20)) data f
	cmp data back
	# of 64 KiB: 24, 24, 16
	for op in 0 1; do
		for sectors in 128 80 32; do
			n=$(dispatched "$op" "nr_sectors=$sectors\$")
			[ "$n" = 16 ] || fail "mode $mode: op $op with $sectors sectors $n times"
		done
	done
	stop_ends 0
	wait_bg srv
done

note "mixed, under load"
serve srv --id 0 --size 16M --depth 16 --queues 2 --partial 4K
ublk-io --file /dev/ublkb0 --size 8M --jobs 2 --depth 8 --bs 32K --ios 1500
stop_ends 0
wait_bg srv

note "a result of 0 for a READ, and an errno, are errors"
for result in 0 -5 -28; do
	serve srv --id 0 --size 4M --result "$result" --flags no-part-scan
	! dd if=/dev/ublkb0 of=/dev/null bs=4k count=1 iflag=direct status=none 2>err ||
		fail "a READ answered with $result succeeded"
	case $result in
	-28)	grep -q 'No space left' err || fail "$(cat err)" ;;
	*)	grep -q 'Input/output error' err || fail "$(cat err)" ;;
	esac
	stop_ends 0
	wait_bg srv
done

note "a result larger than the request counts as all of it (C13)"
serve srv --id 0 --size 4M --file "$PWD/f" --result $((1 << 20)) --flags no-part-scan
dd if=/dev/ublkb0 of=back bs=4k count=1 skip=5 iflag=direct status=none
cmp back <(tail -c +20481 f | head -c 4096)
dd if=data of=/dev/ublkb0 bs=4k count=1 seek=9 oflag=direct status=none
cmp -n 4096 data f 0 36864
stop_ends 0
wait_bg srv
