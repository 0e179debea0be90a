# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: two devices at a time come and go, ids are used again
# covers: B21
# timeout: 150
# kernels: all
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

ROUNDS=6

# round DIR ID WHEN: one device's life, in a directory of its own; it ends in three ways
round()
{
	local id=$2
	cd "$1"
	serve srv --id "$id" --size 8M --depth 8
	dd if=/dev/urandom of=data bs=64k count=4 status=none
	dd if=data of="/dev/ublkb$id" bs=64k oflag=direct status=none
	cmp -n 262144 data "/dev/ublkb$id"
	case $(($3 % 3)) in
	0)	ctl OK stop --id "$id"
		[ ! -e "/sys/block/ublkb$id" ] || fail "a disk after STOP"
		ctl OK del --id "$id"
		;;
	1)	ctl OK del --id "$id"
		;;
	2)	ctl OK del-async --id "$id"
		wait_for 30 test ! -e "/sys/class/ublk-char/ublkc$id"
		;;
	esac
	ctl ENODEV info --id "$id"
	wait_bg srv
	has_line srv '^ENDED .*errors=0' || fail "server $id did not end well: $(cat srv.out)"
}

churn()
{
	local i
	for ((i = 0; i < ROUNDS; i++)); do
		(round "$1" "$2" "$i")
	done
}

mkdir a b
run_bg a churn "$PWD/a" 0
run_bg b churn "$PWD/b" 1
wait_bg a
wait_bg b

# -1 takes the lowest id that is free, and a freed one is free at once
for id in 0 1 2; do
	ctl OK add
	[ "$(answer dev_id)" = "$id" ] || fail "id $(answer dev_id) instead of $id"
done
ctl OK del --id 1
ctl OK add
[ "$(answer dev_id)" = 1 ] || fail "id $(answer dev_id) instead of the freed 1"
ctl EEXIST add --id 2
for id in 0 1 2; do
	ctl OK del --id "$id"
done

# the same device twice: START again after STOP, with a server of its own each time
ctl OK add --id 0
ctl OK set-params --id 0 --size 8M
for i in 1 2 3; do
	serve "again$i" --id 0 --no-add --size 8M
	dd if=/dev/ublkb0 of=/dev/null bs=64k count=4 iflag=direct status=none
	ctl OK stop --id 0
	wait_bg "again$i"
done
ctl OK del --id 0
