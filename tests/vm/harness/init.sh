# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034 # what is set here is used by the other parts
# Guests in which systemd is process 1 (`# init: systemd`), and scripts that go on after the guest
# has gone down and come up again (`# reboots: N`).

# On top of the other guest's root; the way it is told apart is the kernel's command line, which
# guest/boot.sh reads: nothing of ours is installed for it.
SYSTEMD_PACKAGES=(systemd systemd-sysv dbus)

ROOT_EXTRA=()	# packages of this root beside ROOT_PACKAGES
INIT_ARGS=()	# what the kernel is told of it
JOB_ENV=()	# lines for the guest's environment
ROOT_OVERLAY=	# set: what the guest writes to its root is kept there
GOING_DOWN=	# the script that has asked for a reboot

# vm_init NAME: systemd, also in a root with our packages and nothing else of ours, or our own.
vm_init()
{
	local init
	init=$(vm_header "$1" init)
	case $init in
	'' | systemd | package)	say "$init" ;;
	*)	die "$1: bad header 'init: $init'; systemd, package or none" ;;
	esac
}

vm_reboots()
{
	local n
	n=$(vm_header "$1" reboots)
	[[ ${n:-0} =~ ^[0-9]$ ]] || die "$1: bad header 'reboots: $n'"
	[ "${n:-0}" = 0 ] || [ -n "$(vm_init "$1")" ] || die "$1: 'reboots' goes with 'init: systemd'"
	say "${n:-0}"
}

# init_of KEY: the init of a boot, which vm_boot_key has put into its key.
init_of()
{
	case ${1% *} in
	*+*)	say "${1#*+}" | sed 's/ .*//' ;;
	esac
}

# with_init INIT KERNEL FUNCTION ARG..: FUNCTION for a guest with that init, if it is another than
# usual; the root of the others is back afterwards.
with_init()
{
	local init=$1 kernel=$2 status=0
	shift 2
	[ -n "$init" ] || { "$@"; return; }
	local ROOT_EXTRA=("${SYSTEMD_PACKAGES[@]}") INIT_ARGS=(ublk.init=systemd) JOB_ENV=()
	local BASE=$BASE ROOT_IMAGE=$ROOT_IMAGE VMLINUZ=$VMLINUZ INITRD=$INITRD
	"root_$init" "$kernel" || return 1
	"$@"
}

root_systemd() { make_root "$1"; }

# guest_falls SECONDS: the guest is gone by then; sets FELL, how long it took.
guest_falls()
{
	local t0=$SECONDS
	FELL=
	while guest_runs; do
		[ $((SECONDS - t0)) -lt "$1" ] || return 1
		sleep 0.5
	done
	FELL=$((SECONDS - t0))
}

# The kernel's last words, which the guest's own eye could not see any more.
console_is_dirty()
{
	local DIRTY=''
	eval "$(grep '^DIRTY+\?=' "$HARNESS/guest/runner.sh")"
	tr -d '\r' <"$1" | grep -E "$DIRTY|Kernel panic"
}

# go_down DIR NAME PHASE: the end of a guest whose script has asked for it; a message and status 1
# if that is not how it should be.
go_down()
{
	local dir=$1 name=$2 phase=$3
	if [ "$phase" -gt "$(vm_reboots "$name")" ]; then
		GOING_STATUS=1
		say "harness: more reboots than the header says" >>"$dir/out.log"
	elif [ -z "$FELL" ]; then
		GOING_STATUS=124
		say "harness: still up after $(vm_timeout "$name") s" >>"$dir/out.log"
	elif console_is_dirty "$dir/console.log" >"$dir/last-words"; then
		GOING_STATUS=126
		{ say "harness: on the way down the kernel said:"; cat "$dir/last-words"; } \
			>>"$dir/out.log"
	else
		wait "$GUEST" 2>/dev/null
		child_gone "$GUEST"
		mv "$dir/console.log" "$dir/console.$phase.log"
		return 0
	fi
	return 1
}

# run_phases DIR SMP NAME: after its first phase. A script with reboots has the boots for itself.
run_phases()
{
	local dir=$1 smp=$2 name=$3 phase=1 line
	line="$name $(vm_timeout "$name")"
	while [ -n "$GOING_DOWN" ]; do
		GOING_DOWN=
		if ! go_down "$dir" "$name" "$phase"; then
			end_guest "$dir"
			vm_report "$dir" "$name" "$GOING_STATUS" 0 ''
			LEFT=()
			break
		fi
		phase=$((phase + 1))
		say "   $name: down after $FELL s, booting again (phase $phase)"
		JOB_ENV+=("export UBLK_PHASE=$phase UBLK_DOWN_SECONDS=$FELL")
		boot_tests "$dir" "$smp" "$line"
		follow_live "$dir" "$name"
	done
}

# root_overlay DIR: how QEMU is told of a root that stays as the guest left it.
root_overlay()
{
	if [ ! -e "$1/root.qcow2" ]; then
		need_packages qemu-utils >&2
		qemu-img create -q -f qcow2 -b "$ROOT_IMAGE" -F raw "$1/root.qcow2" >&2 || return 1
	fi
	say "format=qcow2,cache=unsafe,file=$1/root.qcow2"
}
