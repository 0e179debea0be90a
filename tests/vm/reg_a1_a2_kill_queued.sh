# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: SIGKILL with requests on their way, also under an I/O scheduler: each command ends once
# covers: A1 A2
# timeout: 150
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/reg.sh"

# A1: a command that is task work when its server dies belongs to that: completed by the crash path,
# too, it would be completed twice (a use after free in io_uring).
# A2: with a scheduler a tag's last request stays known; who takes that for one under way never
# completes the command, and the ring never goes away: QUIESCED is not reached.
ARGS=(--depth 8 --size 8M --file "$PWD/f" --recovery reissue --flags no-part-scan)

# twice: slots of which more than one command was completed
twice()
{
	sed -n 's/.*ublk_cmd_done: .* \(q=[0-9]* tag=[0-9]*\) .*/\1/p' trace | sort | uniq -d
}

unwatched
# with DEFER_TASKRUN a dying thread leaves its task work to the end of the ring, which comes later
# than the crash path
for how in 'none --defer-taskrun' mq-deadline; do
	read -r scheduler ring <<<"$how"
	# shellcheck disable=SC2086 # an option, or none
	serve srv --id 0 "${ARGS[@]}" --do stall@usr1 $ring
	echo "$scheduler" >/sys/block/ublkb0/queue/scheduler
	# every tag has had requests
	ublk-io --file /dev/ublkb0 --size 4M --depth 8 --ios 100
	ours trace_on ublk_cmd_done
	usr1 srv
	run_bg served write_block 0 0
	saw srv '^HELD'
	kill_bg srv STOP
	wait_for 20 is_stopped "$BG_srv"
	run_bg one write_block 0 1
	run_bg two write_block 0 2
	wait_for 20 in_flight 0 3
	ours wait_for 20 slots_are 0 QUEUED 2
	kill_server srv
	wait_state 0 QUIESCED
	if is_ours; then
		trace_off
		trace_save trace
		# that of the held request was completed when it was given to the server
		done=$(grep -c ublk_cmd_done: trace) || true
		[ -z "$(twice)" ] && [ "$done" = 7 ] || fail "$done commands completed: $(cat trace)"
	fi
	serve srv --id 0 --takeover "${ARGS[@]}"
	ends_ok served
	ends_ok one
	ends_ok two
	[ "$scheduler" = mq-deadline ] || ok A1 "SERVER, QUEUED and READY at the kill"
	ctl OK stop --id 0
	wait_bg srv
	ctl OK del --id 0
done
ok A2 "mq-deadline"
