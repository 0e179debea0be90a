# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: two devices of two queues in one thread around one poll(), in each data mode
# timeout: 60
. "$UBLK_TESTS/vm/lib.sh"

requires ublk-one-thread ublk
head -c 2M /dev/urandom >data

for mode in copy get-data user-copy; do
	note "$mode"
	run_bg server ublk-one-thread "$mode"
	wait_state 0 LIVE 20
	wait_state 1 LIVE 20
	for id in 0 1; do
		bounded 40 dd if=data of="/dev/ublkb$id" bs=256k oflag=direct status=none
		bounded 40 dd if="/dev/ublkb$id" bs=64k count=32 iflag=direct of=back status=none
		cmp data back || fail "$mode: device $id returns other data"
	done
	ublk stop 1
	ublk stop 0
	wait_bg server 0
	ublk del 0
	ublk del 1
done
