# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: the server dies while discard, partition scan, resize or quiesce run; data judged
# timeout: 240
# cpus: 4
# tier: full
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/kills.sh"
. "$UBLK_TESTS/vm/cli.sh"
. "$UBLK_TESTS/vm/during.sh"

requires ublk ublk-loop sfdisk blkdiscard
img=$SCRATCH/block.img
head -c 32M /dev/urandom >"$img"
cp "$img" expected
cleanup rm -f "$img"
server_is ublk-loop --file "$img" --queues 2 --depth 16 --block-size 512
size() { blockdev --getsize64 /dev/ublkb0; }

is_as_expected()
{
	bounded 60 dd if=/dev/ublkb0 bs=1M iflag=direct status=none >read.back
	cmp read.back expected || fail "$1: the data are not what they must be"
}

note "discard of 8 MiB, in pieces"
during discard blkdiscard -f -o 8M -l 8M -p 256K /dev/ublkb0
dd if=/dev/zero of=expected bs=1M seek=8 count=8 conv=notrunc status=none
is_as_expected discard

note "zeros"
during zeroes blkdiscard -f -z -o 4M -l 2M -p 256K /dev/ublkb0
dd if=/dev/zero of=expected bs=1M seek=4 count=2 conv=notrunc status=none
is_as_expected zeroes

note "partition scan"
echo 'start=2048, size=8192, type=83
start=16384, size=8192, type=83' >table
sfdisk -q --wipe never expected <table
partition() { sfdisk -q --wipe never --no-reread /dev/ublkb0 <table; }
during "writing a partition table" partition
udev_settled
during "partition scan" blockdev --rereadpt /dev/ublkb0
udev_settled
[ -b /dev/ublkb0p2 ] || fail "no second partition: $(ls /dev/ublkb0*)"
cmp -n 4194304 /dev/ublkb0p2 <(tail -c +8388609 "$img") || fail "partition 2 is elsewhere"
# the disk's signature is random
dd if=/dev/ublkb0 of=expected bs=1M count=1 conv=notrunc status=none
is_as_expected "partition scan"

note "resize: the capacity is the old one or the new one, and a resize to come succeeds"
truncate -s 48M "$img" expected
for n in 34 36 38; do
	old=$(size)
	run_bg resize become_server resize.out ublk resize 0 ${n}M
	moment 1 60
	kill_server srv
	wait_state 0 QUIESCED
	wait_bg resize any
	server_starts
	case $(size) in
	"$old" | $((n << 20))) ;;
	*)	fail "the capacity is $(size): neither $old nor $((n << 20))" ;;
	esac
done
ublk resize 0 48M
[ "$(size)" = $((48 << 20)) ] || fail "no resize after all: $(size)"
is_as_expected resize

note "quiesce: with a request that the dying server has"
for _ in 1 2 3; do
	kill_bg srv STOP
	wait_for 20 is_stopped "${BG_PID[srv]}"
	run_bg reader become_server reader.out dd if=/dev/ublkb0 of=part bs=64k count=16 \
		iflag=direct status=none
	wait_for 20 in_flight 0
	run_bg quiesce become_server quiesce.out ublk quiesce 0
	moment 5 200
	kill_server srv
	wait_state 0 QUIESCED
	wait_bg quiesce any
	server_starts
	wait_bg reader
	cmp -n 1048576 part expected || fail "quiesce: wrong data"
done
server_ends
during_report
