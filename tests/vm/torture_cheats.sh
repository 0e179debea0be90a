# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: the oracle finds each way to cheat, names it, and accuses no honest target
# timeout: 300
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/cli.sh"
. "$UBLK_TESTS/vm/torture.sh"

requires ublk ublk-torture ublk-fault jq
img=$SCRATCH/cheat.img
cleanup rm -f "$img"
SMALL=(--area 1M --bs 4K-16K --depth 16 --after 150)

# fault [OPTION..]: the command that makes a device that lies; RULES and what it wraps
fault() { printf '%s\n' ublk add fault loop --file "$img" --id 0 --queues 2 --depth 16 "$@"; }

# caught VERDICT OPTIONS.. -- [FAULT OPTION..]: it lies, is found out, and called by its name. A slow
# machine comes to few requests, and to few lies, in a run: then once more.
caught()
{
	local verdict=$1 options=() command left=6 status=0
	shift
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	mapfile -t command < <(fault "$@")
	while [ "$status" = 0 ] && [ $((left--)) -gt 0 ]; do
		rm -f "$img"
		truncate -s 1M "$img"
		bounded 300 ublk-torture --json "${SMALL[@]}" "${options[@]}" -- "${command[@]}" \
			>verdict.json 2>torture.err || status=$?
		[ "$status" != 0 ] || ublk del 0
	done
	[ "$status" = 1 ] ||
		fail "$verdict: status $status: $(cat torture.err verdict.json)"
	json verdict.json ".violations.$verdict >= 1"
	note "$verdict: $(says '.violations | tojson')"
	ublk del 0
}

# honest OPTIONS.. -- [FAULT OPTION..]
honest()
{
	local options=() command
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	rm -f "$img"
	truncate -s 1M "$img"
	mapfile -t command < <(fault "$@")
	torture 0 "${SMALL[@]}" "${options[@]}" -- "${command[@]}"
	json verdict.json '.violations == {}'
	tally "honest $*"
	ublk del 0
}

ALIVE=(--rounds 0 --seconds 2)
caught lost_write "${ALIVE[@]}" -- --fault drop,op=write,every=40
caught torn_block "${ALIVE[@]}" -- --fault tear,every=40
caught roll_back "${ALIVE[@]}" -- --fault revert,every=20
caught wrong_block "${ALIVE[@]}" -- --fault misplace,every=40
caught not_zeroed "${ALIVE[@]}" --mix write=50,read=30,zeroes=20 -- \
	--fault drop,op=write-zeroes,every=3
caught stray_zeroes "${ALIVE[@]}" --mix write=50,read=30,discard=20 -- --fault clobber,every=3
caught io_error "${ALIVE[@]}" -- --fault fail,op=read,every=200

# what dies with the server's cache
CRASH=(--rounds 3 --durability flush)
caught flush_ignored "${CRASH[@]}" -- --volatile --fault drop,op=flush
caught fua_ignored "${CRASH[@]}" --mix write=30,read=30,fua=40 -- --volatile --fault ignore-fua
# to a judge who takes each write for durable such a cache is a liar itself
caught lost_write --rounds 2 -- --volatile

honest "${ALIVE[@]}" --
honest "${CRASH[@]}" -- --volatile
honest "${CRASH[@]}" --mix write=30,read=30,flush=10,fua=20,discard=5,zeroes=5 \
	--kills-in-a-row 2 -- --volatile
