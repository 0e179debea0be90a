# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# What the scripts that use the raw tools share. Sourced after lib.sh.

PARAMS=/sys/module/ublk_drv/parameters
DEBUG=/sys/kernel/debug/ublk

# A script that fails may leave I/O parked, and its processes cannot be killed then.
rescue()
{
	local node
	# run_cleanups has it
	[ "${status:-0}" != 0 ] || return
	tail -n 5 ./*.out 2>/dev/null || true
	for node in /sys/class/ublk-char/ublkc*; do
		[ -e "$node" ] || continue
		echo "rescue: device ${node##*ublkc} is $(state_of "${node##*ublkc}")"
		grep . "$DEBUG/${node##*ublkc}"/* || true
		echo 1000 >"$PARAMS/stop_timeout_ms"
		# with the path: an unprivileged one
		ublk-ctl del --id "${node##*ublkc}" --timeout 15 ||
			ublk-ctl del --id "${node##*ublkc}" --path "/dev/${node##*/}" --timeout 15
	done
}
cleanup rescue

# ---- servers -----------------------------------------------------------------------------

# become_server FILE CMD..: so that the background job's pid is the server's own.
become_server()
{
	local file=$1
	shift
	exec "$@" >"$file" 2>&1
}

SERVER_AS=()	# what starts it: as another user, for one

# serve NAME ARG..: a raw server in the background, its output in NAME.out; waits until it serves.
serve()
{
	serve_until '^READY ' "$@"
	case " $* " in
	*stall@ready* | *@request* | *--commit-delay-ms* | *--result*) ;;
	*)	settle_disk "$(sed -n 's/^READY id=\([0-9]*\).*/\1/p' "$1.out")" ;;
	esac
}

# settle_disk ID: the partition table is read and udev has had its look, so that the next request
# is the script's own and nobody else has the disk open.
settle_disk()
{
	bounded 60 dd if="/dev/ublkb$1" of=/dev/null bs=4k count=1 iflag=direct status=none
	udev_settled
}

# unwatched: udev reads the partition table when a writer closes a disk, with the mutex that the
# close itself wants. Where I/O is parked that read waits for a server, and the writer with it.
unwatched()
{
	mkdir -p /run/udev/rules.d
	echo 'KERNEL=="ublkb*", OPTIONS+="nowatch"' >/run/udev/rules.d/99-ublk-test.rules
	cleanup udevadm control --reload
	cleanup rm -f /run/udev/rules.d/99-ublk-test.rules
	udevadm control --reload
}

# users_allowed: everybody may add a device, and user 65534 has the nodes of all. A host grants one
# by the owner of its nodes: its udev rules say whose they are.
users_allowed()
{
	mkdir -p /run/udev/rules.d
	echo 'KERNEL=="ublkc*|ublkb*", OWNER="65534", MODE="0600"' >/run/udev/rules.d/99-ublk-user.rules
	cleanup udevadm control --reload
	cleanup rm -f /run/udev/rules.d/99-ublk-user.rules
	udevadm control --reload
	chmod 666 /dev/ublk-control
	cleanup chmod 600 /dev/ublk-control
}

# serve_until PATTERN NAME ARG..: the same, but waits for another line.
serve_until()
{
	local pattern=$1 name=$2
	shift 2
	# Not what the server before it has said
	rm -f "$name.out"
	run_bg "$name" become_server "$name.out" "${SERVER_AS[@]}" ublk-raw-server "$@"
	saw "$name" "$pattern" 60
}

has_line() { grep -qE -- "$2" "$1.out" 2>/dev/null; }
is_running() { kill -0 "${BG_PID[$1]}" 2>/dev/null; }

# saw NAME PATTERN [SECONDS]: wait until the server has printed such a line.
saw()
{
	local end
	end=$((SECONDS + ${3:-30} * SLOW + 1))
	until has_line "$1" "$2"; do
		is_running "$1" || has_line "$1" "$2" || {
			cat "$1.out"
			fail "server $1 ended without printing '$2'"
		}
		[ "$SECONDS" -lt "$end" ] || {
			cat "$1.out"
			fail "server $1 did not print '$2' within ${3:-30} s"
		}
		sleep 0.05
	done
}

# lines NAME PATTERN: how many it has printed; saw_lines NAME N PATTERN [SECONDS]: wait for N.
lines() { grep -cE -- "$2" "$1.out" || true; }
has_lines() { [ "$(lines "$1" "$3")" -ge "$2" ]; }
saw_lines() { wait_for "${4:-30}" has_lines "$1" "$2" "$3"; }

# usr1 NAME, usr2 NAME: fire the actions of that signal; returns when they have been run.
usr1() { signal_server "$1" USR1; }
usr2() { signal_server "$1" USR2; }

signal_server()
{
	local before
	before=$(lines "$1" '^STATS')
	kill_bg "$1" "$2"
	saw_lines "$1" $((before + 1)) '^STATS'
}

# child_of NAME: the process that its fork action left behind; killed when the script ends.
child_of()
{
	local pid
	pid=$(sed -n 's/^CHILD pid=//p' "$1.out" | tail -n 1)
	[ -n "$pid" ] || fail "$1 has no child"
	printf '%s\n' "$pid"
}

# kill_server NAME: SIGKILL and wait for its end; 137 is what bash makes of it.
kill_server()
{
	kill_bg "$1" KILL
	wait_bg "$1" 137
}

# ---- control -----------------------------------------------------------------------------

# ctl ERRNO VERB ARG..: the command has to be answered with that errno (OK: success; any).
ctl()
{
	local expected=$1 got status=0
	shift
	ublk-ctl "$@" >ctl.out 2>&1 || status=$?
	got=$(sed -n 's/^errno=//p' ctl.out)
	if [ "$status" = 124 ] || { [ "$got" != "$expected" ] && [ "$expected" != any ]; }; then
		cat ctl.out
		fail "ublk-ctl $*: ${got:-nothing} (status $status), expected $expected"
	fi
}

# answer KEY: the value of a key that the last ctl command printed.
answer() { sed -n "s/^$1=//p" ctl.out; }

# ctl_not ERRNO VERB ARG..: anything but that.
info_is() { ublk-ctl info --id "$1" | grep -qx "$2=$3"; }

# counter ID NAME
counter() { sed -n "s/^$2: *//p" "$DEBUG/$1/counters"; }
# slots ID STATE: number of slots of the current session in this state
slots() { sed -n "s/^$2: *//p" "$DEBUG/$1/slots" | head -n 1; }

# param NAME VALUE: set a parameter of the module (it is loaded anew for each script).
param() { echo "$2" >"$PARAMS/$1"; }

# stop_ends ID [SECONDS]: STOP and DEL succeed within that time; then nothing is left of the disk.
stop_ends()
{
	local id=$1 seconds=${2:-${PATIENCE:-40}} from=$SECONDS
	ctl OK stop --id "$id" --timeout "$seconds"
	[ ! -e "/sys/block/ublkb$id" ] || fail "ublkb$id is still there after STOP"
	ctl OK info --id "$id"
	[ "$(answer state_name)" = DEAD ] || fail "state $(answer state_name) after STOP"
	del_ends "$id" "$seconds"
	note "STOP and DEL took $((SECONDS - from)) s"
}

# del_ends ID [SECONDS]: DEL succeeds, and the id can be used again at once.
del_ends()
{
	ctl OK del --id "$1" --timeout "${2:-${PATIENCE:-40}}"
	ctl ENODEV info --id "$1"
	ctl OK add --id "$1" --timeout 20
	ctl OK del --id "$1" --timeout 20
}

# ---- load --------------------------------------------------------------------------------

# dd in the background that is to get stuck with the server: run_bg needs a command
# write_block ID N, read_block ID N: far enough apart that no two of them are merged
write_block()
{
	exec dd if=/dev/zero of="/dev/ublkb$1" bs=4k count=1 seek=$((16 * $2)) oflag=direct \
		conv=nocreat status=none
}

read_block()
{
	exec dd if="/dev/ublkb$1" of=/dev/null bs=4k count=1 skip=$((16 * $2)) iflag=direct status=none
}

# fails NAME: the background job ends, and not well: its I/O got an error
fails()
{
	local status=0
	wait "${BG_PID[$1]}" || status=$?
	BG_DONE[$1]=1
	[ "$status" != 0 ] || fail "background job $1 succeeded; its I/O should have failed"
}

# ---- conditions to wait for --------------------------------------------------------------

parked_some() { [ "$(counter "$1" parked_now)" -gt 0 ]; }

# worker_in_d PID FUNCTION: a thread of the process is in uninterruptible sleep there, and not
# just for a moment for another reason
worker_in_d()
{
	local task
	for task in "/proc/$1"/task/*; do
		grep -qE '^[0-9]+ \(.*\) D ' "$task/stat" 2>/dev/null &&
			grep -qE "\\] ($2)\\+" "$task/stack" 2>/dev/null && return
	done
	return 1
}

# in_flight ID [N]: the disk has at least N requests under way or parked
in_flight()
{
	local n
	n=$(awk '{ print $1 + $2 }' "/sys/block/ublkb$1/inflight")
	[ $((n + $(counter "$1" parked_now))) -ge "${2:-1}" ]
}

is_sleep() { [ "$(cat "/proc/$1/comm" 2>/dev/null)" = sleep ]; }

# ---- a file system that can be frozen ----------------------------------------------------

# freezable ID DIR: an ext4 on a device of its own, whose server is healthy
freezable()
{
	serve "fs$1" --id "$1" --depth 32 --size 64M
	mkfs.ext4 -q "/dev/ublkb$1"
	mkdir -p "$2"
	mount "/dev/ublkb$1" "$2"
	cleanup umount "$2"
}

unfreezable()
{
	umount "$2"
	stop_ends "$1"
	wait_bg "fs$1"
}
committed_more() { [ "$(counter "$1" committed)" -ge "$2" ]; }

# judge TRACE ARG..: ublk-trace-check; shows what stands around the first thing it rejects
judge()
{
	local trace=$1 line
	shift
	ublk-trace-check "$@" "$trace" >judge.out && cat judge.out && return
	cat judge.out
	line=$(sed -n 's/^reject: [^:]*: [^:]*:\([0-9]*\):.*/\1/p' judge.out | head -n 1)
	[ -z "$line" ] || awk -v l="$line" 'NR > l - 60 && NR < l + 20 { print NR ": " $0 }' "$trace"
	fail "the trace is rejected"
}

# trace_crash_path: record all that ublk-trace-check reads. The clock has to put the events of all
# CPUs in order; the default one only ticks with jiffies where the TSC is not trusted.
trace_crash_path()
{
	trace_on ublk_state ublk_session ublk_slot ublk_abort ublk_requeue ublk_cmd_done ublk_step \
		signal:signal_generate
	echo mono >"$TRACING/trace_clock"
}
