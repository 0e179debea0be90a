# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: writes stuck below a killed server: no roll-back with the fence, and one without it
# timeout: 180
# kernels: all
#
# Device 1 is the storage below: an ext4, whose server holds the first write after "arm" for
# HOLD ms BEFORE it applies it. Device 0 is a file in there. Its server is killed with that write
# under way; the next one takes over, gets the same request again, and then a newer write to the
# same block. If it did not wait, the old write lands on top.
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/cli.sh"

requires ublk ublk-loop ublk-fault jq
HOLD=10000
low=$SCRATCH/fence.low dir=$PWD/mnt
truncate -s 64M "$low"
cleanup rm -f "$low"
mkdir -p "$dir"
img=$dir/img

# the rule fires once, when its file can be created: not before its folder is there
held=$PWD/armed/held
arm() { rm -rf "$PWD/armed"; mkdir "$PWD/armed"; }
has_fired() { [ -e "$held" ]; }

# the writer outside, of one block; it is not killed, so it knows what was acknowledged
WRITER=(ublk-io --file /dev/ublkb0 --size 4K --seed 7 --writes 100)

ublk add fault loop --file "$low" --id 1 --fault "hold,op=write,ms=$HOLD,once=$held" \
	--depth 32
mkfs.ext4 -q /dev/ublkb1
mount -o noatime /dev/ublkb1 "$dir"
cleanup umount -q "$dir"
# its blocks are there and written: what is written now goes to the disk below and nowhere else
dd if=/dev/zero of="$img" bs=1M count=4 oflag=direct conv=fsync status=none

# A takeover waits for the lock and for nothing else, so its time limit is one: from 6.12 on ext4 has
# some calls wait for all direct writes, whatever signal comes.
gives_up()
{
	expect 5 "locked" ublk recover 0 -- ublk-loop --file "$img" --fence-timeout 300
	! idle_below || fail "the takeover gave up only when the write below was through"
	state_is 0 QUIESCED || fail "the device is $(state_of 0)"
}

# round NAME FUNCTION COMMAND..: kill, FUNCTION, take over with this command; sets FOUND to 1 if the
# oracle found anything wrong in the end
round()
{
	local name=$1 while_stuck=$2 server next
	shift 2
	note "$name"
	sync -f "$dir"
	ublk add loop --file "$img" --id 0 --depth 8
	"${WRITER[@]}" --ios 1 --save model.1
	settle_disk 0
	sync -f "$dir"
	arm
	server=$(ublk info 0 --json | jq .server_pid)
	run_bg stuck become_server stuck.out "${WRITER[@]}" --load model.1 --ios 1 --save model.2
	wait_for 30 has_fired
	kill -KILL "$server"
	ublk wait 0 quiesced --timeout 30
	is_running stuck || fail "the stuck write is not waiting: $(cat stuck.out)"
	"$while_stuck"
	next=$EPOCHREALTIME
	ublk recover 0 -- "$@"
	# the same request again, to the new server, which is not held up by anything below
	wait_bg stuck
	"${WRITER[@]}" --load model.2 --ios 1 --save model.3
	awk -v a="$next" -v b="$EPOCHREALTIME" 'BEGIN { printf "taken over, rewritten in %.1f s\n", b - a }'
	# let go: whatever the dead server had under way has landed by then
	wait_for 60 idle_below
	FOUND=0
	"${WRITER[@]}" --load model.3 --verify-only >judge.out 2>&1 || FOUND=1
	cat judge.out
	ublk del 0
	rm -rf "$PWD/armed"
}

# nothing under way below: also not the held write, which is a request of that disk like others
idle_below()
{
	[ "$(awk '{ print $1 + $2 }' /sys/block/ublkb1/inflight)" = 0 ]
}

round "with the fence: the new server waits until the old write has landed" gives_up \
	ublk-loop --file "$img"
[ "$FOUND" = 0 ] || fail "an acknowledged write was rolled back, with the fence"

round "without it: the oracle has to see it" true ublk-fault loop --file "$img" --fault unfenced
[ "$FOUND" = 1 ] || fail "no roll-back without the fence: this test proves nothing"
grep -q "^wrong: block 0" judge.out || fail "the oracle found something else"
result "roll-back: none with the fence, found without it"

umount "$dir"
ublk del 1
