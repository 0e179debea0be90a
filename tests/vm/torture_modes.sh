# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: the oracle in each recovery mode, stopped first, at points, and when nothing moves
# timeout: 400
# tier: full
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/cli.sh"
. "$UBLK_TESTS/vm/torture.sh"

requires ublk ublk-torture ublk-loop ublk-fault jq
img=$SCRATCH/modes.img
cleanup rm -f "$img"
truncate -s 2M "$img"
SMALL=(--area 2M --bs 512-16K --depth 16 --after 150)

for mode in plain fail-io off; do
	note "$mode"
	torture 0 "${SMALL[@]}" --rounds 3 --mode "$mode" -- \
		ublk add loop --recovery "$mode" --file "$img" --id 0 --queues 2 --depth 16
	json verdict.json '.kills == 3 and .ios.failed >= 1'
	tally "$mode"
	ublk del 0
done

note "SIGSTOP first"
torture 0 "${SMALL[@]}" --rounds 3 --stop-first -- \
	ublk add loop --recovery reissue --file "$img" --id 0 --queues 2 --depth 16
json verdict.json '.kills == 3'
tally stop-first
ublk del 0

# a server that looks at UBLK_KILL_AT: ublk-fault, told by the shell
cat >serve <<SCRIPT
exec ublk "\$@" loop --file "$img" --id 0 \\
	\${UBLK_KILL_AT:+--fault kill,at=\$UBLK_KILL_AT,nth=\$NTH}
SCRIPT
for point in before-commit after-commit; do
	note "at $point"
	NTH=150 torture 0 "${SMALL[@]}" --rounds 2 --kill-at "$point" \
		--recover "sh ./serve recover 0 -- ublk-fault" -- sh ./serve add fault
	json verdict.json '.kills >= 2 and .died_itself == 0'
	tally "$point"
	ublk del 0
done
for point in after-start-recovery after-record between-fetches before-end-recovery; do
	note "at $point"
	NTH=1 torture 0 "${SMALL[@]}" --rounds 1 --kill-at "$point" \
		--recover "sh ./serve recover 0 -- ublk-fault" -- sh ./serve add fault
	json verdict.json '.kills == 2'
	tally "$point"
	ublk del 0
done

note "a server that passes the point and lives is no way to test it"
torture 2 "${SMALL[@]}" --rounds 1 --kill-at after-record -- \
	ublk add loop --recovery reissue --file "$img" --id 0
ublk del 0

note "nothing moves: it says so, and does not wait for it"
torture 3 "${SMALL[@]}" --rounds 0 --hang-seconds 4 -- \
	ublk add fault loop --file "$img" --id 0 --fault stall,op=write,nth=200
json verdict.json '.verdict == "hung"'
ublk stop 0 --kill
ublk del 0

note "a command that does not bring a device up"
torture 2 -- false
torture 2
