# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a server dies at each named point of the library (lib/point.h): device and data after it
# timeout: 300
# cpus: 4
#
# The names come from the library itself. One that no scenario here reaches fails the test, and so
# does one at which the server does not die.
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/kills.sh"

requires ublk ublk-loop ublk-mem
POINTS=$UBLK_TESTS/points
[ -e "$POINTS/libublk.so.0" ] || fail "the library with the points was not built"
UUID=$(cat /proc/sys/kernel/random/uuid)
img=$SCRATCH/points.img
truncate -s 16M "$img"
cleanup rm -f "$img" /dev/shm/points
SERVER=(ublk-loop --file "$img")
HIT=()

# start_at POINT|- OPTION..: a server in the background, to die at POINT
start_at()
{
	local vars=(LD_LIBRARY_PATH="$POINTS" UBLK_KILL_AT="$1")
	shift
	[ "${vars[1]}" != UBLK_KILL_AT=- ] || vars=(UBLK_KILL_AT=)
	rm -f srv.out
	run_bg srv become_server srv.out env "${vars[@]}" "${SERVER[@]}" --id 0 --uuid "$UUID" \
		--queues 2 --depth 16 "$@"
}

start_live()
{
	start_at "$@"
	saw srv '^ublk 0 is' 60
}

is_over() { ! is_running srv; }

died_at()
{
	local end=$((SECONDS + 60)) status=0
	until is_over; do
		[ "$SECONDS" -lt "$end" ] || fail "point ${1%:*} is never hit"
		sleep 0.02
	done
	wait "${BG_PID[srv]}" || status=$?
	# shellcheck disable=SC2034 # lib.sh uses it
	BG_DONE[srv]=1
	[ "$status" = 137 ] || {
		cat srv.out
		fail "the server for ${1%:*} ended with status $status, it was not killed"
	}
	HIT+=("${1%:*}")
}

# in_state POINT STATE..: the state that the device comes to after a death at POINT
in_state()
{
	local point=$1 end=$((SECONDS + 30)) state
	shift
	while :; do
		state=$(state_of 0)
		case " $* " in *" $state "*) return ;; esac
		[ "$SECONDS" -lt "$end" ] || fail "$state after a death at $point, not $*"
		sleep 0.02
	done
}

# some_io: goes on from what the image must hold, and judges all of it
some_io()
{
	local options=(--size 8M --depth 16 --bs 16K --save model --seed 1 --ios 50)
	[ ! -e model ] || options+=(--load model)
	ublk-io --file /dev/ublkb0 "${options[@]}" >some.out || { cat some.out; fail "after $1"; }
}

ends()
{
	kill_bg srv TERM
	wait_bg srv
	state_is 0 NONE || fail "the device is $(state_of 0) after SIGTERM"
}

note "while it is made: the next one makes it, or goes on with it"
while read -r point states; do
	start_at "$point"
	died_at "$point"
	# shellcheck disable=SC2086 # words
	in_state "$point" $states
	start_live -
	some_io "$point"
	ends
done <<'EOT'
before-add NONE
after-add DEAD
after-params DEAD
after-open DEAD
before-fence DEAD
after-fence DEAD
before-record DEAD
after-rename DEAD
after-record DEAD
before-fetch DEAD
between-fetches DEAD
fetches-prepared DEAD
after-fetch DEAD
before-start DEAD
start-sent DEAD QUIESCED
after-start QUIESCED
EOT

note "while it takes over, under load, twice in a row at each point"
start_live -
start_load /dev/ublkb0 --size 8M --depth 16 --bs 16K --save model --load model
kill_server srv
wait_state 0 QUIESCED
for point in before-start-recovery after-start-recovery after-open before-fence after-fence \
	before-record after-rename after-record before-fetch between-fetches fetches-prepared \
	after-fetch before-end-recovery end-sent after-end-recovery; do
	for _ in 1 2; do
		start_at "$point"
		died_at "$point"
		in_state "$point" QUIESCED
	done
	start_live -
	wait_for 30 committed_more 0 1
	kill_server srv
	wait_state 0 QUIESCED
done

note "while it serves, under load"
# the 30th time: the load is at full depth then
for point in before-commit commit-prepared after-submit delivered before-io-sqe after-io-sqe; do
	start_at "$point:30"
	died_at "$point:30"
	in_state "$point" QUIESCED
done
start_live -
stop_load
load_says errors 0
ends

note "with the other data modes"
for mode in get-data:get-data-prepared user-copy:before-copy user-copy:after-copy; do
	point=${mode#*:}
	rm -f /dev/shm/points
	exec 7<>/dev/shm/points
	[ "${mode%:*}" = get-data ] || SERVER=(ublk-mem --size 16M --memory-fd 7)
	start_live - --data "${mode%:*}" --recovery reissue
	start_load /dev/ublkb0 --size 8M --depth 16 --bs 16K
	kill_server srv
	wait_state 0 QUIESCED
	start_at "$point:30" --data "${mode%:*}"
	died_at "$point:30"
	in_state "$point" QUIESCED
	start_live - --data "${mode%:*}"
	stop_load
	load_says errors 0
	ends
	exec 7<&-
done

note "while it ends"
SERVER=(ublk-loop --file "$img")
rm -f model
while read -r point state options; do
	# shellcheck disable=SC2086 # words
	start_live "$point" $options
	some_io "$point"
	kill_bg srv TERM
	died_at "$point"
	in_state "$point" "$state"
	start_live -
	some_io "$point"
	ends
done <<'EOT'
before-stop QUIESCED
after-stop DEAD
before-delete DEAD
after-delete NONE
before-quiesce QUIESCED --hand-over
after-quiesce QUIESCED --hand-over
EOT

note "no point is left out"
LD_LIBRARY_PATH=$POINTS UBLK_KILL_AT=list ublk-loop | sort >names
printf '%s\n' "${HIT[@]}" | sort -u >hit
missing=$(comm -23 names hit)
[ "$(wc -l <names)" -ge 36 ] || fail "the library has no list of its points: $(cat names)"
[ -z "$missing" ] || fail "never hit: $missing"
result "$(wc -l <names) points, ${#HIT[@]} deaths"
