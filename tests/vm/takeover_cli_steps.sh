# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: the new server dies at each step of a takeover, twice; the third one is good
# timeout: 240
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/cli.sh"

requires ublk ublk-loop ublk-fault jq
img=$SCRATCH/steps.img
head -c 8M /dev/urandom >"$img"
cleanup rm -f "$img" "$SCRATCH/once"
sum=$(sha256sum <"$img")

lose_server()
{
	kill -KILL "$(ublk info 0 --json | jq .server_pid)"
	ublk wait 0 quiesced --timeout 30 >/dev/null
}

is_whole()
{
	[ "$(bounded 60 dd if=/dev/ublkb0 bs=1M iflag=direct status=none | sha256sum)" = "$sum" ] ||
		fail "the disk's contents have changed"
}

ublk add loop --file "$img" --id 0 --queues 2

note "the new server dies at each step: QUIESCED, and the next one is good"
for point in after-start-recovery before-record after-record between-fetches before-end-recovery; do
	note "  $point"
	lose_server
	expect 1 "killed by signal 9" \
		ublk recover 0 -- ublk-fault loop --file "$img" --fault "kill,at=$point"
	ublk wait 0 quiesced --timeout 30
	expect 1 "killed by signal 9" \
		ublk recover 0 -- ublk-fault loop --file "$img" --fault "kill,at=$point"
	ublk wait 0 quiesced --timeout 30
	[ -e "${UBLK_RUN_DIR:-/run/ublk}/0" ] || fail "the record is gone"
	ublk recover 0 -- ublk-loop --file "$img"
	is_whole
done

note "and while it serves: around the commit"
for point in before-commit after-commit; do
	lose_server
	rm -f "$SCRATCH/once"
	ublk recover 0 -- ublk-fault loop --file "$img" \
		--fault "kill,at=$point,nth=20,once=$SCRATCH/once"
	run_bg reader dd if=/dev/ublkb0 of=read.out bs=64k iflag=direct status=none
	ublk wait 0 quiesced --timeout 30
	ublk recover 0
	wait_bg reader
	cmp read.out "$img"
done

ublk del 0
[ "$(sha256sum <"$img")" = "$sum" ] || fail "the file has changed"
