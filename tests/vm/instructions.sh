# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: what one 4k random read costs on each device (run by ./run bench instructions)
# timeout: 100000
# Arguments: ROUNDS IOS ROW.., printed: "count: ROW DEPTH NANOSECONDS IOS-PER-ENTER". Rows:
#   null_blk                       the floor: no driver does less
#   ublk-null, mainline-null       our server; on our module, on the one that the kernel has
#   loop, ublk-loop, mainline-loop a file, direct I/O, on ext4 in memory (brd)
#   ...-tmpfs                      the same on tmpfs, where that has direct I/O (6.6)
# The clock counts instructions and stands still for nobody: time limits mean little here, and a
# disk outside the guest would be waited for in instructions. So all that is measured is in memory.
. "$UBLK_TESTS/vm/lib.sh"

ROUNDS=$1 IOS=$2
shift 2
ROWS=("$@")

DIRECT=$PWD/direct
SHM=$PWD/shm	# empty: this kernel has no direct I/O there
AT=		# the device that is there now
ID=

wants() { [[ " ${ROWS[*]} " == *" $1 "* ]]; }
wants_like() { [[ " ${ROWS[*]}" == *$1* ]]; }

# What the boot left to do would be counted as ours.
calm()
{
	mount -o remount,noinit_itable "$SCRATCH"
	udev_settled
	sync
}

null_blk()
{
	wants null_blk || return 0
	modprobe null_blk nr_devices=1 gb=1 submit_queues=1 hw_queue_depth=128
	cleanup rmmod null_blk
}

files()
{
	if wants_like loop; then
		modprobe brd rd_nr=1 rd_size=163840
		cleanup rmmod brd
		mkfs.ext4 -q -E lazy_itable_init=0,lazy_journal_init=0 /dev/ram0
		mkdir direct
		mount /dev/ram0 direct
		cleanup umount direct
		dd if=/dev/urandom of=direct/file bs=1M count=64 status=none
		sync -f direct
	fi
	if wants_like tmpfs; then
		mkdir shm
		mount -t tmpfs tmpfs shm
		cleanup umount shm
		cp direct/file shm/file
		dd if=shm/file of=/dev/null bs=4k count=1 iflag=direct status=none 2>/dev/null ||
			SHM=
	fi
	modprobe loop max_loop=0
}

# our_module, their_module: the one that is loaded; a row with neither is left out.
our_module()
{
	[ "$LOADED" != ours ] || return 0
	load_module
	LOADED=ours
}

their_module()
{
	[ "$LOADED" != theirs ] || return 0
	[ -n "$(mainline_module)" ] || return 1
	load_mainline
	LOADED=theirs
}

ublk_on()
{
	ID=$(ublk add "$@" --json | jq .id) || fail "ublk add $*"
	AT=/dev/ublkb$ID
}

kernel_loop()
{
	AT=$(losetup --find --show --direct-io=on "$1")
	[ "$(losetup -nO DIO "$AT" | tr -d ' ')" = 1 ] || {
		note "no direct I/O on $1"
		bring_down
		return 1
	}
}

# bring_up ROW: sets AT; status 1 if this kernel has no such thing.
bring_up()
{
	local file=$DIRECT/file
	if [[ $1 == *-tmpfs ]]; then
		[ -n "$SHM" ] || return 1
		file=$SHM/file
	fi
	case $1 in
	null_blk)	AT=/dev/nullb0 ;;
	ublk-null)	our_module && ublk_on null --size 64M ;;
	ublk-loop*)	our_module && ublk_on loop --file "$file" ;;
	mainline-null)	their_module && ublk_on null --size 64M ;;
	mainline-loop*)	their_module && ublk_on loop --file "$file" ;;
	loop*)		kernel_loop "$file" ;;
	*)		fail "no row $1" ;;
	esac
}

bring_down()
{
	case $AT in
	/dev/ublk*)
		ublk stop "$ID" >/dev/null
		[ ! -e "/dev/ublkc$ID" ] || ublk del "$ID" >/dev/null
		;;
	/dev/loop*)	losetup -d "$AT" ;;
	esac
	AT=
}

# An elevator between would be another one in each kernel.
no_elevator() { echo none >"/sys/block/${AT##*/}/queue/scheduler"; }

count_row()
{
	local depth
	for depth in 1 32; do
		echo "count: $1 $depth $(ublk-count "$AT" "$depth" "$IOS")"
	done
}

LOADED=ours
echo "kernel: $(uname -r)"
echo "clock: $(cat /sys/devices/system/clocksource/clocksource0/current_clocksource)"
calm
null_blk
files
for ((round = 0; round < ROUNDS; round++)); do
	for row in "${ROWS[@]}"; do
		bring_up "$row" || continue
		udev_settled
		no_elevator
		count_row "$row"
		bring_down
	done
done
our_module
