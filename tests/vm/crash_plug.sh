# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: requests of one plug go to their thread together, and are let go of one by one when it is killed
# timeout: 150
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/reg.sh"
. "$UBLK_TESTS/vm/fio.sh"

ARGS=(--depth 8 --size 8M --file "$PWD/f" --recovery reissue --flags no-part-scan)
turns() { grep -c ' ublk_turn: ' trace || true; }
done_commands() { sed -n 's/.*ublk_cmd_done: .* \(q=[0-9]* tag=[0-9]*\) .*/\1/p' trace; }

# a plug of eight writes, sent by one system call
plug()
{
	fio --name=plug --filename=/dev/ublkb0 --rw=write --bs=4k --size=32k --direct=1 \
		--ioengine=io_uring --iodepth=8 --iodepth_batch_submit=8 --iodepth_low=1 \
		--verify=crc32c --verify_fatal=1 --output=fio.out
}

# stopped: the server's thread does nothing, and has eight requests to come
stopped()
{
	# eight requests, not one of 32 KiB; from the plug, not from a scheduler
	echo 2 >/sys/block/ublkb0/queue/nomerges
	echo none >/sys/block/ublkb0/queue/scheduler
	kill_bg srv STOP
	wait_for 20 is_stopped "$BG_srv"
	run_bg plug plug
	wait_for 20 in_flight 0 8
	wait_for 20 slots_are 0 QUEUED 8
}

unwatched
echo 'p:ublk_turn ublk_request_tw' >"$TRACING/kprobe_events"
cleanup sh -c "echo 0 >$TRACING/events/kprobes/enable; echo >$TRACING/kprobe_events"
for ring in '' --defer-taskrun '--split 2'; do
	note "alive${ring:+, $ring}: one turn for all of them"
	# shellcheck disable=SC2086 # an option, or none
	serve srv --id 0 "${ARGS[@]}" $ring
	stopped
	trace_on ublk_cmd_done kprobes:ublk_turn
	kill_bg srv CONT
	ends_ok plug
	trace_off
	trace_save trace
	# eight were written by one turn or, if the plug was flushed in between, few; eight were read
	[ "$(turns)" -ge 2 ] && [ "$(turns)" -le 8 ] || fail "$(turns) turns for 16 requests"
	result "turns for 16 requests: $(turns)"

	note "killed: each command ends once, each request is done by the next server"
	stopped
	trace_on ublk_cmd_done
	kill_server srv
	wait_state 0 QUIESCED
	trace_off
	trace_save trace
	[ "$(done_commands | sort -u | wc -l)" = 8 ] && [ "$(done_commands | wc -l)" = 8 ] ||
		fail "8 commands, and ended were: $(cat trace)"
	serve srv --id 0 --takeover "${ARGS[@]}"
	ends_ok plug
	ctl OK stop --id 0
	wait_bg srv
	ctl OK del --id 0
done

note "nobody to recover it: each fails, at once"
serve srv --id 0 --depth 8 --size 8M
stopped
kill_server srv
wait_for 60 is_over plug
fails plug
wait_state 0 DEAD
ctl OK del --id 0
