# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: debugfs tells what a device is doing, through crash and takeover
# timeout: 100
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

device_says()
{
	local value
	value=$(sed -n "s/^$1: *//p" "$DEBUG/0/device")
	[ "$value" = "$2" ] || fail "debugfs: $1 is '$value', not '$2'"
}
slots_are() { [ "$(slots 0 "$1")" = "$2" ]; }
counter_is() { [ "$(counter 0 "$1")" = "$2" ] || fail "counter $1 is $(counter 0 "$1"), not $2"; }

[ ! -e "$DEBUG/0" ] || fail "debugfs shows a device before there is one"
ctl OK add --id 0 --queues 2 --depth 4 --flags recovery,reissue
device_says state DEAD
device_says session none
device_says disk 0
ctl OK set-params --id 0 --size 8M

serve srv --id 0 --no-add --size 8M --do stall@usr1
device_says state LIVE
device_says recovery reissue
device_says queues 2
device_says depth 4
device_says disk 1
device_says session 1
device_says phase LIVE
device_says ready 8
device_says opener "$BG_srv"
device_says server_pid "$BG_srv"
device_says stoppers 0
counter_is sessions_alive 1
slots_are READY 8 || fail "not all slots are READY: $(cat "$DEBUG/0/slots")"

# reads: after a write udev has a look at the disk, too
dd if=/dev/ublkb0 of=/dev/null bs=4k count=10 iflag=direct status=none
committed=$(counter 0 committed)
[ "$committed" -ge 10 ] || fail "only $committed commits"
counter_is dispatched "$committed"

# two requests with the server
usr1 srv
run_bg one read_block 0 0
run_bg two read_block 0 1
wait_for 20 slots_are SERVER 2
grep -qE '^[01]\.[0-3]: state=SERVER .*gone=0$' "$DEBUG/0/slots" || fail "$(cat "$DEBUG/0/slots")"
counter_is committed "$committed"
counter_is dispatched $((committed + 2))

# it dies, they wait
kill_server srv
wait_state 0 QUIESCED
device_says session none
device_says disk 1
counter_is parked_now 2
counter_is reissued 2
counter_is taken 2
counter_is failed 0

# not serve: that reads a block of its own, which would count
serve_until '^READY ' srv --id 0 --takeover --size 8M
wait_bg one
wait_bg two
device_says last_session 2
device_says takeovers 1
[ "$(sed -n 's/^unserved_ms: //p' "$DEBUG/0/device")" -gt 0 ] || fail "it had no server, for no time"
counter_is parked_now 0
counter_is committed 2
[ "$(counter 0 parked_ms)" -gt 0 ] || fail "two requests waited, for no time"
ctl OK stop --id 0
device_says state DEAD
device_says disk 0
wait_bg srv
no_sessions() { [ "$(counter 0 sessions_alive)" = 0 ]; }
wait_for 20 no_sessions
ctl OK del --id 0
[ ! -e "$DEBUG/0" ] || fail "debugfs shows a device that was deleted"

note "programs that read raw events (perf, trace-cmd) can print ours: no function and no enum left"
for format in /sys/kernel/tracing/events/ublk/*/format; do
	text=$(sed -n 's/^print fmt: //p' "$format")
	[ -n "$text" ] || fail "$format has no print fmt"
	! grep -oE '[a-z_]+\(' <<<"$text" | grep -v '^__print_symbolic($' ||
		fail "$format calls what nobody else knows: $text"
	[[ $text != *UBLK_* ]] || fail "$format has names for numbers: $text"
done
