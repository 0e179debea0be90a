#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# Runs the scripts of one job, in the guest.
#
# Said to the host, on the status port, one line each:
#   begin NAME
#   end NAME STATUS SECONDS ok|reboot
#   reboot NAME            the guest goes down because NAME wants it so
#   done
# "reboot": the guest cannot be trusted any more; the host runs the rest in a fresh boot.
# The output port carries what the scripts print, each part ended by a line "@@end NAME".

OUT=$1 STATUS=$2
JOB=/run/ublk-job
CGROUP=/sys/fs/cgroup/ublk-test

# A script may open /dev/stderr, and a port can be opened only once: so a FIFO stands between.
mkfifo /run/ublk-out
exec 3<>/run/ublk-out
cat </run/ublk-out >"$OUT" &
exec 4>"$STATUS"

out() { printf '%s\n' "$*" >&3; }
tell() { printf '%s\n' "$*" >&4; }

# within SECONDS CMD...: like timeout(1), but comes back even if CMD sits in D state.
within()
{
	local seconds=$1 pid sleeper which='' status=0
	shift
	"$@" >&3 2>&3 &
	pid=$!
	sleep "$seconds" &
	sleeper=$!
	wait -n -p which "$pid" "$sleeper" || status=$?
	if [ "$which" = "$pid" ]; then
		kill -KILL "$sleeper"
		wait "$sleeper" 2>/dev/null
		return "$status"
	fi
	return 124
}

# ---- the kernel log ----------------------------------------------------------------------

DIRTY='\bBUG\b|WARNING|\bOops\b|KASAN|KCSAN|KFENCE|UBSAN|possible (circular|recursive) locking'
DIRTY+='|possible irq lock|inconsistent lock state|suspicious RCU|hung task|blocked for more than'
DIRTY+='|detected stall|self-detected stall|soft lockup|hard LOCKUP|general protection|Call Trace'
DIRTY+='|Unable to handle|refcount_t|scheduling while atomic|bad page|Bad page|list_(add|del)\b'
DIRTY+='|cannot create duplicate|kobject_add_internal failed|DEBUG_LOCKS|still has locks'
DIRTY+='|ODEBUG|kmemleak: [1-9]|sleeping function called|Invalid wait context|lock held when'
DIRTY+='|bad unlock balance|held lock freed|object already initialized|stack-out-of-bounds'
DIRTY+='|unregister_netdevice|workqueue lockup|double free|use-after-free|segfault at|traps: '

mark() { echo "ublk-test: begin $1" >/dev/kmsg; }

# Of data races only those of a module of ours count: Linux's own are known to Linux.
# What a script that makes things fail has said that Linux would say, in its expected.log.
unexpected() { if [ -s "$1/expected.log" ]; then grep -vEf "$1/expected.log"; else cat; fi; }
our_races() { awk '!/BUG: KCSAN:/ || /\[ublk_/'; }
# 7.2 writes the first page of a registered buffer before it has stored how many there are, which
# its own bounds check takes for an overrun, whichever driver registers. Only that report goes.
not_rsrc()
{
	awk '/-\[ cut here \]-/ { held = "" ; holding = 1 }
		holding { held = held $0 "\n" }
		!holding
		/-\[ end trace \]-/ && holding {
			if (held !~ /UBSAN: array-index-out-of-bounds in [^ ]*\/linux-7\.2[^ ]*\/io_uring\/rsrc\.c/)
				printf "%s", held
			held = ""
			holding = 0
		}
		END { printf "%s", held }'
}

log_since() { dmesg | awk -v m="ublk-test: begin $1" 'index($0, m) { on = 1; next } on'; }

# log_is_dirty NAME WORK
log_is_dirty()
{
	local log
	dmesg | grep -qF "ublk-test: begin $1" || {
		out "harness: the kernel log has overrun; cannot say that it is clean"
		return 0
	}
	log=$(log_since "$1" | our_races | not_rsrc | unexpected "$2")
	# After its first report lockdep is off, and so it is after one of KASAN's: what comes then
	# is not seen by anybody.
	if grep -qE 'debug_locks: *0' /proc/lockdep_stats 2>/dev/null; then
		out "harness: lockdep is off"
	else
		grep -qE "$DIRTY" <<<"$log" || return 1
	fi
	out "harness: the kernel log has what it must not have:"
	out "$(grep -E -B 5 -A 40 "$DIRTY" <<<"$log" | head -n 200)"
}

# ---- one script --------------------------------------------------------------------------

# Runs in the script's own cgroup, so that nothing it starts can hide.
start_script()
{
	local name=$1 work=$2
	shift 2
	echo "$BASHPID" >"$CGROUP/cgroup.procs"
	cd "$work" || exit 1
	exec setsid bash -eu -o pipefail "$UBLK_TESTS/vm/$name.sh" "$@" \
		</dev/null >&3 2>&3 3>&- 4>&-
}

passed() { [ "$1" = 0 ] || [ "$1" = 77 ]; }
populated() { [[ $(<"$CGROUP/cgroup.events") == *"populated 1"* ]]; }

# empties SECONDS: the script's cgroup has no process any more.
empties()
{
	local end=$((SECONDS + $1))
	while populated; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.2
	done
}

processes() { ps -o pid,stat,wchan:30,args -p "$(paste -sd, "$CGROUP/cgroup.procs")"; }

# left_nothing: no process and no device outlives a script that passed.
left_nothing()
{
	if ! empties $((10 * ${UBLK_SLOW:-1})); then
		out "harness: processes left behind:"
		out "$(processes)"
		return 1
	fi
	if compgen -G '/sys/class/ublk-char/*' >/dev/null; then
		out "harness: devices left behind: $(echo /sys/class/ublk-char/*)"
		return 1
	fi
}

kill_rest()
{
	echo 1 >"$CGROUP/cgroup.kill"
	empties $((20 * ${UBLK_SLOW:-1})) && return
	out "harness: a killed process does not go away:"
	out "$(processes)"
	return 1
}

module_loaded() { [ -d /sys/module/ublk_drv ]; }

# The last reference may be dropped by a worker of io_uring shortly after the process is gone.
unload_module()
{
	local end error=''
	module_loaded || return 0
	within 60 udevadm settle --timeout=30
	end=$((SECONDS + 20 * ${UBLK_SLOW:-1}))
	while [ "$SECONDS" -lt "$end" ]; do
		error=$(rmmod ublk_drv 2>&1) && return 0
		sleep 0.2
	done
	out "harness: rmmod: $error"
	return 1
}

# After a script that failed, which could not put away what it made. Cheaper than a boot. STOP
# first: until then an unmount may wait for I/O that is parked.
clear_away()
{
	local dev mounts
	mapfile -t mounts < <(awk '$1 ~ "^/dev/ublkb" { print $2 }' /proc/mounts)
	for dev in /sys/class/ublk-char/*; do
		[ -e "$dev" ] || continue
		within 30 ublk-ctl stop --id "${dev##*ublkc}" || return 1
	done
	for dev in "${mounts[@]}"; do
		within 30 umount -l "$dev" || return 1
	done
	for dev in /sys/class/ublk-char/*; do
		[ -e "$dev" ] || continue
		within 20 ublk-ctl del --id "${dev##*ublkc}" || return 1
	done
}

# What is stuck where: the one thing to know about a hang.
show_blocked()
{
	mark "blocked"
	echo w >/proc/sysrq-trigger
	out "harness: processes:"
	out "$(ps -eo pid,ppid,stat,wchan:30,args | awk '$5 !~ /^\[/')"
	out "harness: blocked tasks:"
	out "$(log_since blocked | head -n 300)"
}

# work_of NAME: its directory; after a reboot the one it had.
work_of()
{
	if [ -n "${UBLK_PHASE:-}" ]; then
		mkdir -p "$SCRATCH/$1" && echo "$SCRATCH/$1"
	else
		mktemp -d "$SCRATCH/$1.XXXXXX"
	fi
}

# go_down NAME WORK: does not come back, unless the log is dirty already. What the script has
# started is not touched, nor is what reads its output.
go_down()
{
	if log_is_dirty "$@"; then
		rm "$JOB/reboot"
		return
	fi
	tell "reboot $1"
	bash "$JOB/reboot" >&3 2>&3
	sleep infinity
}

# What systemd's journal has of a script that failed, beside the kernel's own log.
show_journal()
{
	command -v journalctl >/dev/null && [ -d /run/systemd/system ] || return 0
	out "harness: the journal:"
	out "$(journalctl -b -q --no-pager -o short-monotonic --since "@$1" 2>&1 | tail -n 150)"
}

run_script()
{
	local name=$1 seconds=$2 work pid sleeper which='' status=0 next=ok t0=$SECONDS
	local slow=${UBLK_SLOW:-1}
	shift 2
	tell "begin $name"
	mark "$name"
	work=$(work_of "$name")
	mkdir -p "$CGROUP"
	if [ -z "${UBLK_NO_MODULE:-}" ] && ! within $((60 * slow)) modprobe ublk_drv; then
		out "harness: modprobe ublk_drv failed"
		out "$(log_since "$name")"
		status=1 next=reboot
	else
		start_script "$name" "$work" "$@" &
		pid=$!
		sleep "$seconds" &
		sleeper=$!
		wait -n -p which "$pid" "$sleeper" || status=$?
		if [ "$which" = "$pid" ]; then
			kill -KILL "$sleeper"
			wait "$sleeper" 2>/dev/null
			[ "$status" != 0 ] || [ ! -e "$JOB/reboot" ] || go_down "$name" "$work"
			! passed "$status" || left_nothing || status=1
		else
			out "harness: no end after $seconds s"
			show_blocked
			status=124 next=reboot
		fi
		kill_rest || { status=124; next=reboot; }
	fi
	if [ "$next" = ok ] && ! passed "$status"; then
		clear_away || next=reboot
	fi
	if [ "$next" = ok ] && ! within $((90 * slow)) unload_module; then
		! passed "$status" || status=1
		next=reboot
		module_loaded && show_blocked
	fi
	if [ "$status" -ne 124 ] && log_is_dirty "$name" "$work"; then
		status=126 next=reboot
	fi
	passed "$status" || within $((60 * slow)) show_journal $((EPOCHSECONDS - SECONDS + t0))
	cd / && within $((60 * slow)) rm -rf -- "$work"
	rmdir "$CGROUP" 2>/dev/null
	out "@@end $name"
	tell "end $name $status $((SECONDS - t0)) $next"
	[ "$next" = ok ]
}

while read -r -a line; do
	run_script "${line[@]}" || break
done <"$JOB/scripts"
tell "done"
