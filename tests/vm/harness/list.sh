# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# The scripts of tests/vm and what their headers say.

VM=$TOP/tests/vm

# vm_header NAME KEY: the value of `# KEY: value` in the comment block at the top of the script.
vm_header()
{
	sed -n "/^[^#]/q; /^\$/q; s/^# $2: *//p" "$VM/$1.sh" | head -n 1
}

# All scripts, groups in the order in which it is cheapest to learn that something is broken.
vm_names()
{
	local group f
	for group in lab harness lifecycle ctrl io input stop crash takeover fault multi demo bench; do
		for f in "$VM/${group}"_*.sh; do
			[ -f "$f" ] && basename "$f" .sh
		done
	done
	for f in "$VM"/*_*.sh; do
		case $(basename "$f") in
		harness_* | lifecycle_* | ctrl_* | io_* | input_* | stop_*) ;;
		crash_* | takeover_* | multi_* | demo_* | bench_* | lab_* | fault_* | debug_*) ;;
		*) basename "$f" .sh ;;
		esac
	done
}

vm_group() { say "${1%%_*}"; }

# in_slice NAME KERNEL: one of the few that run on this kernel, too, every time.
in_slice()
{
	case " $(vm_header "$1" kernels) " in
	*" all "* | *" $2 "*)	return 0 ;;
	esac
	return 1
}

# can_run NAME KERNEL: a script may be about one kind of debug kernel (`# only: kasan`), and there
# is what cannot run on any.
can_run()
{
	local only flavour
	only=$(vm_header "$1" only) flavour=$(debug_flavour "$2")
	[ -z "$only" ] || [ "$only" = "$flavour" ] || return
	# Packages are for Debian's kernels.
	[ -z "$flavour" ] || { [[ " ${DEBUG_NOT[*]} " != *" $1 "* ]] && [ "$(vm_init "$1")" != package ]; }
}

# vm_boot_key NAME [GROUP]: scripts with the same key can share a boot.
vm_boot_key()
{
	local cpus init group=${2:-${1%%_*}}
	cpus=$(vm_header "$1" cpus)
	init=$(vm_init "$1") || exit 1
	# Who goes down takes nobody along.
	[ "$(vm_reboots "$1")" = 0 ] || group=$1
	[[ ${cpus:-2} =~ ^[0-9]+(,maxcpus=[0-9]+)?$ ]] || die "$1: bad header 'cpus: $cpus'"
	say "$group${init:++$init} ${cpus:-2}"
}

vm_timeout()
{
	local t
	t=$(vm_header "$1" timeout)
	[[ ${t:-120} =~ ^[0-9]+$ ]] || die "$1: bad header 'timeout: $t'"
	say $((${t:-120} * SLOW * GUEST_SLOW))
}

# vm_expected NAME: the status that the harness has to report for it.
vm_expected()
{
	local e
	e=$(vm_header "$1" expect)
	case $e in
	'')		say 0 ;;
	fail)		say 1 ;;
	skip)		say 77 ;;
	timeout)	say 124 ;;
	died)		say 125 ;;
	dirty)		say 126 ;;
	*)		die "$1: bad header 'expect: $e'" ;;
	esac
}

list_tests()
{
	local name tier kernels f
	printf '%-36s %-10s %-5s %-5s %s\n' NAME GROUP TIER SLICE DESCRIPTION
	while read -r name; do
		tier=$(vm_header "$name" tier)
		kernels=$(vm_header "$name" kernels)
		printf '%-36s %-10s %-5s %-5s %s\n' "$name" "$(vm_group "$name")" \
			"${tier:-quick}" "${kernels:--}" "$(vm_header "$name" desc)"
	done < <(vm_names)
	for f in "$TOP"/tests/lint/*.sh; do
		[ -x "$f" ] || continue
		printf '%-36s %-10s %-5s %-5s %s\n' "$(basename "$f" .sh)" lint quick - \
			"$(sed -n '3s/^# *//p' "$f")"
	done
	say "unit tests: ctest --test-dir BUILD -N, after cmake -B BUILD && cmake --build BUILD"
}
