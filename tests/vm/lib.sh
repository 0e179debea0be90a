# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# Helpers for the scripts of tests/vm. A script is run by `bash -eu -o pipefail` in a fresh work
# directory, with the module just loaded; see `./run help` for what surrounds it.

TRACING=/sys/kernel/tracing
declare -A BG_PID=() BG_DONE=()
CLEANUPS=()
SLOW=${UBLK_SLOW:-1}	# bounds against hanging are this many times longer: debug kernels

note() { printf '%s\n' "$*"; }

# result TEXT: something measured; shown also when the script passes.
result() { printf 'result: %s\n' "$*"; }

fail()
{
	printf 'FAILED: %s (%s:%s)\n' "$*" "${BASH_SOURCE[1]##*/}" "${BASH_LINENO[0]}" >&2
	# Leave from anywhere, also from a function called in a $(...) of the script.
	[ "$BASHPID" = "$$" ] || kill -TERM $$
	exit 1
}

skip()
{
	printf 'skip: %s\n' "$*"
	exit 77
}

requires()
{
	local cmd
	for cmd in "$@"; do
		command -v "$cmd" >/dev/null || skip "no $cmd here"
	done
}

# ---- leaving -----------------------------------------------------------------------------

# cleanup CMD...: run CMD when the script ends, the last one given first. Its status is ignored:
# a script asserts what it has to before it ends.
cleanup()
{
	CLEANUPS+=("$(printf '%q ' "$@")")
}

run_cleanups()
{
	local status=$? i
	trap - EXIT ERR
	# A child that is killed before it has become another program still has these traps.
	[ "$BASHPID" = "$$" ] || exit "$status"
	trap '' TERM INT
	set +e
	for ((i = ${#CLEANUPS[@]} - 1; i >= 0; i--)); do
		eval "${CLEANUPS[i]}"
	done
	for i in "${!BG_PID[@]}"; do
		[ -n "${BG_DONE[$i]:-}" ] || kill -KILL "${BG_PID[$i]}" 2>/dev/null
	done
	exit "$status"
}
trap run_cleanups EXIT
trap 'exit 1' TERM
# Functions too.
set -E
trap 'printf "FAILED: %s:%s: %s\n" "${BASH_SOURCE[0]##*/}" "$LINENO" "$BASH_COMMAND" >&2' ERR

# ---- waiting -----------------------------------------------------------------------------

# wait_for SECONDS CMD...: poll CMD until it succeeds.
wait_for()
{
	local seconds=$1 end
	shift
	end=$((SECONDS + seconds * SLOW + 1))
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || fail "not within $seconds s: $*"
		sleep 0.05
	done
}

# bounded SECONDS CMD...: CMD has to end within SECONDS. 124 if not. CMD may be a function.
# Comes back even if CMD cannot be killed; timeout(1) would wait for it.
bounded()
{
	local seconds=$1 pid sleeper which='' status=0
	shift
	"$@" &
	pid=$!
	sleep $((seconds * SLOW)) &
	sleeper=$!
	wait -n -p which "$pid" "$sleeper" || status=$?
	if [ "$which" = "$pid" ]; then
		# KILL: it may not have become sleep yet, and would run the traps of this script
		{ kill -KILL "$sleeper" && wait "$sleeper"; } 2>/dev/null || true
		return "$status"
	fi
	note "still running after $seconds s: $*"
	kill -KILL "$pid" 2>/dev/null || true
	return 124
}

# reboot_guest [CMD..]: the guest goes down by CMD (`systemctl reboot`) while everything that the
# script has started goes on, and the script is run again, from its start, with the next UBLK_PHASE.
reboot_guest()
{
	[ -n "${UBLK_PHASE:-}" ] || fail "this script's header has no '# reboots: N'"
	[ "$BASHPID" = "$$" ] || fail "reboot_guest in a part of the script"
	[ $# -gt 0 ] || set -- systemctl reboot
	printf '%q ' "$@" >/run/ublk-job/reboot
	trap - EXIT
	exit 0
}

# ---- devices -----------------------------------------------------------------------------

# state_of ID: DEAD, LIVE, QUIESCED or FAIL_IO; NONE if there is no such device.
state_of()
{
	local file=/sys/kernel/debug/ublk/$1/device state
	state=$(sed -n 's/^state: *//p' "$file" 2>/dev/null) || true
	# mainline has no such file
	[ -n "$state" ] || [ -d /sys/kernel/debug/ublk ] ||
		state=$(ublk-ctl info --id "$1" | sed -n "s/^state_name=//p") || true
	printf '%s\n' "${state:-NONE}"
}

state_is() { [ "$(state_of "$1")" = "$2" ]; }

# wait_state ID STATE [SECONDS]
wait_state()
{
	local end
	end=$((SECONDS + ${3:-${PATIENCE:-30}} * SLOW + 1))
	until state_is "$1" "$2"; do
		[ "$SECONDS" -lt "$end" ] ||
			fail "device $1 is $(state_of "$1"), not $2, after ${3:-${PATIENCE:-30}} s"
		sleep 0.02
	done
}

# udev_settled [SECONDS]: udev has nothing to do any more. Its daemon may hang up on who asks (257,
# "Broken pipe"): ask again.
udev_settled()
{
	local i
	for i in 1 2 3; do
		! udevadm settle --timeout="${1:-60}" || return 0
	done
	fail "udev does not settle ($i times asked)"
}

# load_module [PARAM=VALUE..]: load the module anew, with these parameters.
load_module()
{
	[ ! -d /sys/module/ublk_drv ] || rmmod ublk_drv || fail "rmmod ublk_drv"
	modprobe ublk_drv "$@" || fail "modprobe ublk_drv $*"
}

# mainline_module: the file of the ublk_drv that came with the kernel, if it has one. dkms puts
# aside what it replaces, and back when it is removed.
mainline_module()
{
	find "/lib/modules/$(uname -r)/kernel/drivers/block" \
		"/var/lib/dkms/ublk/original_module/$(uname -r)" \
		-name 'ublk_drv.ko*' ! -name '*.origin' 2>/dev/null | head -n 1 || true
}

# load_mainline: that one in the place of ours.
load_mainline()
{
	local file
	file=$(mainline_module)
	[ -n "$file" ] || skip "kernel $(uname -r) has no ublk_drv of its own"
	rmmod ublk_drv || fail "rmmod ublk_drv"
	insmod "$file" || fail "insmod $file"
	[ ! -e /sys/module/ublk_drv/parameters/monitor_period_ms ] || fail "that is our module"
}

# ---- background jobs ---------------------------------------------------------------------

# run_bg NAME CMD...: start CMD; its pid is in $BG_NAME. Every one has to be waited for.
run_bg()
{
	local name=$1
	shift
	[ -z "${BG_PID[$name]:-}" ] || [ -n "${BG_DONE[$name]:-}" ] ||
		fail "run_bg: $name is still running"
	"$@" &
	BG_PID[$name]=$!
	BG_DONE[$name]=
	printf -v "BG_$name" %s "$!"
}

# wait_bg NAME [STATUS]: wait for it; it has to end with STATUS (0 if not given; `any`).
wait_bg()
{
	local name=$1 expected=${2:-0} status=0
	wait "${BG_PID[$name]}" || status=$?
	BG_DONE[$name]=1
	[ "$expected" = any ] || [ "$status" = "$expected" ] ||
		fail "background job $name ended with status $status, not $expected"
}

# kill_bg NAME SIGNAL: a job that is already gone is a failure: the test is not what it says.
kill_bg()
{
	kill -"$2" "${BG_PID[$1]}" || fail "background job $1 was gone before SIG$2"
}

# ---- tracing -----------------------------------------------------------------------------

# trace_on EVENT...: record these events (`ublk:ublk_slot`, or `ublk_slot` for short).
trace_on()
{
	local e
	trace_off
	trace_forget
	echo 16384 >"$TRACING/buffer_size_kb"
	# The order across CPUs is what traces are read for, and no clock of the guest gives that: an
	# event may get the time of another CPU's last one. TRACE_CLOCK=global, to measure times.
	echo "${TRACE_CLOCK:-counter}" >"$TRACING/trace_clock"
	: >"$TRACING/trace"
	for e in "$@"; do
		case $e in
		*:*) ;;
		*) e=ublk:$e ;;
		esac
		echo 1 >"$TRACING/events/${e/:/\/}/enable" || fail "no event $e"
	done
	echo 1 >"$TRACING/tracing_on"
	cleanup trace_forget
	cleanup trace_off
}

# trace_off: nothing more is recorded. The events stay on until the script ends: to switch one off is
# to patch the driver's code, and QEMU 7.2, if both CPUs are just running that code, now and then
# goes on with the breakpoint that was there meanwhile, for ever.
trace_off() { echo 0 >"$TRACING/tracing_on"; }
trace_forget() { echo 0 >"$TRACING/events/enable"; }

# trace_save FILE: what was recorded; a trace with holes is a failure, not a shorter trace.
trace_save()
{
	local cpu lost
	cat "$TRACING/trace" >"$1"
	for cpu in "$TRACING"/per_cpu/cpu*/stats; do
		lost=$(awk '/^(overrun|dropped events):/ { n += $NF } END { print n + 0 }' "$cpu")
		[ "$lost" = 0 ] || fail "trace buffer lost $lost events ($cpu)"
	done
}
