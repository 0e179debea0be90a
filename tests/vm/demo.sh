# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2317 # steps are called through go and soon
# desc: the story of ./run demo: a file system survives five SIGKILLs of its server
# timeout: 600
#
# With --sabotage the server of the third takeover answers one write without applying it; then
# the end has to be "LOST". The last line is one of
#   RESULT: nothing lost, nothing hung ...      status 0
#   RESULT: LOST ...                            status 1
#   RESULT: HUNG ... | FAILED ...               status 2
. "$UBLK_TESTS/vm/lib.sh"

KILLS=5
ROUND_MB=16	# written under each kill
FILES=4		# and before it
MOUNT=$PWD/mnt
SUMS=$PWD/sums	# outside the device: what we know of it may not depend on it
DROPPED=$PWD/dropped
ID='' WHERE='' WRITER='' LOST=0 SABOTAGE=''
[ "${1:-}" != --sabotage ] || SABOTAGE=1

T0=${EPOCHREALTIME/./}

# us of EPOCHREALTIME -> "1.23 s"
seconds() { printf '%d.%02d s' $(($1 / 1000000)) $(($1 % 1000000 / 10000)); }
now() { printf '%s\n' "${EPOCHREALTIME/./}"; }
tell() { printf '%10s  %s\n' "$(seconds $(($(now) - T0)))" "$*"; }

finish()
{
	printf 'RESULT: %s\n' "$2"
	exit "$1"
}

# go SECONDS WHAT CMD...: a step of the story; whatever goes wrong in it has a name.
go()
{
	local limit=$1 status=0
	WHERE=$2
	shift 2
	bounded "$limit" "$@" >step.log 2>&1 || status=$?
	[ "$status" != 0 ] || return 0
	sed 's/^/            | /' step.log
	[ "$status" != 124 ] || finish 2 "HUNG: $WHERE"
	finish 2 "FAILED: $WHERE (status $status)"
}

server_pid() { ublk info "$ID" --json | jq -r .server_pid; }
sectors_written() { awk '{ print $7 }' "/sys/block/ublkb$ID/stat"; }
parked() { sed -n 's/^parked_now: //p' "/sys/kernel/debug/ublk/$ID/counters"; }
has_parked() { [ "$(parked)" -gt 0 ]; }
written_beyond() { [ "$(sectors_written)" -gt "$1" ]; }

# soon SECONDS WHAT CMD..: wait until CMD succeeds.
soon()
{
	local limit=$1 end
	WHERE=$2
	shift 2
	end=$((SECONDS + limit + 1))
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || finish 2 "HUNG: $WHERE"
		sleep 0.01
	done
}

# fio_job N OPTION..: every block carries a checksum and its place, in an order that N seeds.
fio_job()
{
	local n=$1
	shift
	fio --name=writer --filename="$MOUNT/round.$n" --size="${ROUND_MB}M" --randseed="$n" \
		--rw=randwrite --bs=4k --direct=1 --ioengine=libaio --iodepth=16 \
		--verify=crc32c --output-format=terse "$@"
}

writer() { exec 2>&1 && fio_job "$1" --do_verify=0 >"fio.$1"; }
checker() { fio_job "$1" --verify_only; }

# Files through the page cache, their checksums noted outside.
write_files()
{
	local i
	mkdir "$MOUNT/files.$1" || return
	for ((i = 0; i < FILES; i++)); do
		head -c 200000 /dev/urandom >"$MOUNT/files.$1/$i" || return
	done
	(cd "$MOUNT" && sha256sum "files.$1"/*) >>"$SUMS" && sync -f "$MOUNT"
}

prepare_round()
{
	# Blocks that exist need no journal: from here on the disk sees data alone.
	dd if=/dev/zero of="$MOUNT/round.$1" bs=1M count="$ROUND_MB" oflag=direct &&
		write_files "$1"
}

# Not one of the writes that were kept: the old server may have applied such a one already.
sabotaged_takeover()
{
	ublk recover "$ID" -- "$(command -v ublk-fault)" loop --file "$PWD/disk.img" \
		--fault "drop,op=write,nth=40,once=$DROPPED"
}

take_over()
{
	if [ -n "$SABOTAGE" ] && [ "$1" = 3 ]; then
		sabotaged_takeover
	else
		ublk recover "$ID"
	fi
}

# One kill in the middle of writing, and what came after it.
round()
{
	local n=$1 old new before kept killed quiesced again writer status=0
	go 120 "preparing round $n" prepare_round "$n"
	before=$(sectors_written)
	writer "$n" &
	writer=$!
	WRITER=$writer
	soon 120 "waiting for the writer of round $n" written_beyond $((before + ROUND_MB * 300))
	old=$(server_pid)
	kill -KILL "$old"
	killed=$(now)
	go 60 "waiting for QUIESCED after kill $n" ublk wait "$ID" quiesced --timeout 50
	quiesced=$(now)
	soon 60 "waiting for requests to be kept" has_parked
	kept=$(parked)
	before=$(sectors_written)
	go 90 "takeover $n" take_over "$n"
	soon 60 "waiting for I/O after takeover $n" written_beyond "$before"
	again=$(now)
	new=$(server_pid)
	tell "SIGKILL $n: server $old; quiesced after $(seconds $((quiesced - killed)))," \
		"$kept requests kept; server $new took over, writing again after" \
		"$(seconds $((again - killed)))"
	go 180 "the writer of round $n" tail --pid="$writer" -f /dev/null
	wait "$writer" || status=$?
	WRITER=
	if [ "$status" != 0 ]; then
		LOST=1
		tell "the writer saw an error (status $status):"
		tail -n 3 "fio.$n" | sed 's/^/            | /'
	fi
}

verify()
{
	local n status=0
	for ((n = 1; n <= KILLS; n++)); do
		WHERE="verifying round $n"
		bounded 180 checker "$n" >check.log 2>&1 || status=$?
		[ "$status" != 124 ] || finish 2 "HUNG: $WHERE"
		if [ "$status" != 0 ]; then
			LOST=1 status=0
			tell "round $n: blocks are not what was written:"
			grep -m 3 -iE 'verify|bad' check.log | sed 's/^/            | /' || true
		fi
	done
	WHERE="verifying the files"
	if ! (cd "$MOUNT" && bounded 120 sha256sum --quiet -c "$SUMS"); then
		LOST=1
		tell "files are not what was written"
	fi
}

# A failure of mine is not the end of the guest: leave nothing mounted or served.
put_away()
{
	[ -z "$WRITER" ] || kill -KILL "$WRITER" 2>/dev/null
	umount -l "$MOUNT" 2>/dev/null
	[ -z "$ID" ] || bounded 90 ublk del "$ID"
}

tell "a file of 512 MB, and a server for it"
truncate -s 512M disk.img
mkdir "$MOUNT"
go 60 "adding the device" ublk add loop --file "$PWD/disk.img" --json
ID=$(jq -r .id step.log)
cleanup put_away
tell "/dev/ublkb$ID is live, served by process $(server_pid)"

go 120 "mkfs.ext4" mkfs.ext4 -q "/dev/ublkb$ID"
go 60 "mount" mount -o lazytime "/dev/ublkb$ID" "$MOUNT"
tell "ext4 made and mounted; now writing, and SIGKILL in the middle of it, $KILLS times"

for ((n = 1; n <= KILLS; n++)); do
	round "$n"
done

tell "umount, fsck, mount, read everything back"
go 120 "umount" umount "$MOUNT"
WHERE=fsck
status=0
bounded 120 e2fsck -f -n "/dev/ublkb$ID" >fsck.log 2>&1 || status=$?
[ "$status" != 124 ] || finish 2 "HUNG: fsck"
if [ "$status" != 0 ]; then
	LOST=1
	tell "fsck finds damage:"
	sed 's/^/            | /' fsck.log
fi
go 60 "mount" mount "/dev/ublkb$ID" "$MOUNT"
verify
go 120 "umount" umount "$MOUNT"
go 90 "deleting the device" ublk del "$ID"
ID=

if [ -n "$SABOTAGE" ] && [ ! -e "$DROPPED" ]; then
	finish 2 "FAILED: the sabotage did not happen"
fi
took=$(seconds $(($(now) - T0)))
[ "$LOST" = 0 ] || finish 1 "LOST: acknowledged data is not there ($took)"
finish 0 "$KILLS kills, $KILLS takeovers, $((KILLS * ROUND_MB)) MB and $((KILLS * FILES)) files read back: nothing lost, nothing hung ($took)"
