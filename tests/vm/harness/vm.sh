# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2001,SC2034 # plain sed; set for others
# Running scripts in guests: one boot per group, a fresh one after anything that cannot be trusted.

KERNEL_NOW=	# the one that is being tested
LIVE=		# set: show all output as it comes
BOOT_FAILED=	# set: a guest ended before its first script began

status_word()
{
	case $1 in
	0)	say "passed" ;;
	77)	say "skipped" ;;
	124)	say "timed out (124)" ;;
	125)	say "guest died (125)" ;;
	126)	say "dirty kernel log (126)" ;;
	*)	say "failed ($1)" ;;
	esac
}

# output_of DIR NAME: what the script printed. Of the last, unfinished one: all that came.
output_of()
{
	awk -v me="$2" -v before="$3" '
		BEGIN { on = before == "" }
		$0 == "@@end " before { on = 1; next }
		$0 == "@@end " me { exit }
		/^@@end / { next }
		on' "$1/out.log" 2>/dev/null
}

# vm_report DIR NAME STATUS SECONDS PREVIOUS: judge, count, and show what there is to know.
vm_report()
{
	local dir=$1 name=$2 status=$3 seconds=$4 output expected result reason=''
	output=$(output_of "$dir" "$name" "$5")
	expected=$(vm_expected "$name")
	if [ "$expected" != 0 ]; then
		# A selftest of the harness: it has to be reported exactly as it says.
		result=failed
		reason="has to be seen as $(status_word "$expected"), was $(status_word "$status")"
		if [ "$status" = "$expected" ]; then
			result=passed
			reason="seen as $(status_word "$status"), as it has to be"
		fi
	elif [ "$status" = 0 ]; then
		result=passed
	elif [ "$status" = 77 ]; then
		result=skipped
		reason=$(grep '^skip:' <<<"$output" | tail -n 1)
	else
		result=failed
		reason=$(status_word "$status")
	fi
	count "$result" "$name$LABEL" "$seconds" "$reason"
	result_lines "$name" < <(grep '^result: ' <<<"$output")
	[ "$result" = failed ] || return 0
	[ -n "$LIVE" ] || sed 's/^/   | /' <<<"$output"
	case $status in
	124 | 125)	show_console "$dir" ;;
	esac
}

# booted ENTRY: the guest's own word for it that this kernel came up.
booted()
{
	local entry=$1 e
	for e in "${MATRIX[@]}"; do
		[ "$e" != "$entry" ] || return 0
	done
	MATRIX+=("$entry")
}

# follow DIR NAME..: read what the guest says until it is done or cannot go on. Sets LEFT to the
# scripts that still have to run.
follow()
{
	local dir=$1 line word='' name status seconds next='' limit running='' previous='' pid t0 beat
	shift
	LEFT=("$@")
	limit=$((180 * SLOW * GUEST_SLOW)) t0=$SECONDS beat=$SECONDS
	exec 7< <(exec tail -n +1 -s 0.2 -f --pid="$GUEST" "$dir/status.log" 2>/dev/null)
	pid=$!
	while :; do
		line=
		if read -r -t 5 -u 7 line; then
			:
		elif [ $? -le 128 ]; then
			break	# tail ended: the guest is gone
		elif [ $((SECONDS - t0)) -ge "$limit" ]; then
			break	# its own clock did not end it: it hangs
		else
			if [ $((SECONDS - beat)) -ge 60 ] && [ -z "$LIVE" ]; then
				say "   ... ${running:-booting}: $((SECONDS - t0)) s"
				beat=$SECONDS
			fi
			continue
		fi
		t0=$SECONDS beat=$SECONDS
		read -r word name status seconds next <<<"$line"
		case $word in
		begin)
			booted "$KVER ($SUITE)"
			running=$name
			limit=$(($(vm_timeout "$name") + 300))
			;;
		end)
			wait_output "$dir" "$name"
			vm_report "$dir" "$name" "$status" "$seconds" "$previous"
			previous=$name running='' limit=$((180 * SLOW * GUEST_SLOW))
			LEFT=("${LEFT[@]:1}")
			[ "$next" = ok ] || break
			;;
		reboot)
			# The script runs on, in the next boot.
			GOING_DOWN=$name
			break
			;;
		done)
			break
			;;
		esac
	done
	kill "$pid" 2>/dev/null
	exec 7<&-
	[ "$word" != 'done' ] && [ "$next" != reboot ] && [ -z "$GOING_DOWN" ] || return 0
	lost "$dir" "$running" "$previous" $((SECONDS - t0)) "$limit"
}

# The guest is dead, or hangs so that it cannot say so.
lost()
{
	local dir=$1 running=$2 previous=$3 seconds=$4 limit=$5 status=125
	[ "$seconds" -lt "$limit" ] || status=124
	if [ -n "$running" ]; then
		vm_report "$dir" "$running" "$status" "$seconds" "$previous"
		LEFT=("${LEFT[@]:1}")
		return
	fi
	# Nothing of ours had run yet: once, that may be the emulation's fault.
	if [ -z "$BOOT_FAILED" ]; then
		BOOT_FAILED=1
		warn "   the guest did not come up; booting again"
		show_console "$dir"
		return
	fi
	while [ ${#LEFT[@]} -gt 0 ]; do
		vm_report "$dir" "${LEFT[0]}" "$status" "$seconds" "$previous"
		LEFT=("${LEFT[@]:1}")
	done
}

# Output and status come by two ports; the status may be here first.
wait_output()
{
	local i
	for ((i = 0; i < 100; i++)); do
		grep -qsF "@@end $2" "$1/out.log" && return
		sleep 0.1
	done
}

# boot_tests DIR SMP "NAME SECONDS [ARG]"..: start a guest that runs these.
boot_tests()
{
	local dir=$1 smp=$2
	shift 2
	mkdir -p "$dir/job"
	echo "export UBLK_MODE=tests" >"$dir/job/env"
	printf '%s\n' "$@" >"$dir/job/scripts"
	: >>"$dir/out.log"
	: >"$dir/status.log"
	boot_guest "$dir" "$smp" "$dir/job" \
		-chardev "file,id=out,append=on,path=$dir/out.log" \
		-device virtserialport,chardev=out,name=ublk.out \
		-chardev "file,id=status,path=$dir/status.log" \
		-device virtserialport,chardev=status,name=ublk.status </dev/null
}

# end_script DIR NAME SECONDS: the end of a guest that runs just this script; sets SCRIPT_STATUS.
end_script()
{
	local dir=$1 name=$2 end=$((SECONDS + $3))
	while guest_runs && [ "$SECONDS" -lt "$end" ]; do
		grep -q "^end $name " "$dir/status.log" && break
		sleep 0.5
	done
	if read -r _ _ SCRIPT_STATUS _ < <(grep "^end $name " "$dir/status.log"); then
		wait_output "$dir" "$name"
	elif guest_runs; then
		SCRIPT_STATUS=124
	else
		SCRIPT_STATUS=125
	fi
	end_guest "$dir"
}

# follow_live DIR NAME..: follow, and show what comes from here on if it is to be seen.
follow_live()
{
	local dir=$1 viewer='' seen
	if [ -n "$LIVE" ]; then
		seen=$(stat -c %s "$dir/out.log")
		tail -c +$((seen + 1)) -s 0.2 -f --pid="$GUEST" "$dir/out.log" 2>/dev/null |
			sed -u '/^@@end /d; s/^/   | /' &
		viewer=$!
	fi
	follow "$@"
	# Its end before the viewer's, which comes with it.
	if [ -z "$GOING_DOWN" ] || ! guest_falls "$(vm_timeout "$GOING_DOWN")"; then
		end_guest "$dir"
	fi
	[ -z "$viewer" ] || wait "$viewer"
}

# run_boot SMP NAME..: one boot; sets LEFT.
run_boot()
{
	local smp=$1 dir name lines=() ROOT_OVERLAY='' JOB_ENV=("${JOB_ENV[@]}")
	shift
	dir=$(mktemp -d "$TMP/boot.XXXXXX")
	for name in "$@"; do
		lines+=("$name $(vm_timeout "$name")")
		[ "$(vm_reboots "$name")" = 0 ] || ROOT_OVERLAY=1 JOB_ENV+=("export UBLK_PHASE=1")
	done
	GOING_DOWN=
	boot_tests "$dir" "$smp" "${lines[@]}"
	follow_live "$dir" "$@"
	[ -z "$GOING_DOWN" ] || run_phases "$dir" "$smp" "$@"
}

# vm_boots "KEY: NAME..": these in one boot, and in another what one that died has left over.
vm_boots()
{
	local key=${1%%:*} t0=$SECONDS
	# Names have no blanks in them.
	# shellcheck disable=SC2206
	LEFT=(${1#*:})
	with_init "$(init_of "$key")" "$KERNEL_NOW" vm_boots_of "$key" && return
	while [ ${#LEFT[@]} -gt 0 ]; do
		count failed "${LEFT[0]}$LABEL" $((SECONDS - t0)) "$NO_ROOT"
		LEFT=("${LEFT[@]:1}")
	done
}

vm_boots_of()
{
	head_line "vm: ${1% *} (kernel $KERNEL_NOW, ${ACCEL[1]}, ${1##* } CPUs)"
	while [ ${#LEFT[@]} -gt 0 ]; do
		run_boot "${1##* }" "${LEFT[@]}"
	done
}

# vm_stage KERNEL GROUP NAME..: all of them in a boot per lane if GROUP is given, else one per group.
vm_stage()
{
	local kernel=$1 group=$2 name key t0=$SECONDS lanes n=0
	local -A members=()
	local keys=()
	shift 2
	[ $# -gt 0 ] || return 0
	LABEL=@$kernel BOOT_FAILED='' KERNEL_NOW=$kernel
	[ "$kernel" != 6.1 ] || LABEL=
	if ! make_root "$kernel"; then
		count failed "dkms_install$LABEL" $((SECONDS - t0)) "$NO_ROOT"
		return
	fi
	count passed "dkms_install$LABEL" $((SECONDS - t0)) "$(root_made), kernel $KVER"
	make_payload || die "cannot make the payload image"
	choose_accel
	lanes=$(lanes)
	for name in "$@"; do
		n=$((n % lanes + 1))
		key=$(vm_boot_key "$name" "${group:+$group $n}") || exit 1
		[ -n "${members[$key]:-}" ] || keys+=("$key")
		members[$key]+=" $name"
	done
	set --
	for key in "${keys[@]}"; do
		# Of the whole boot, by a script like any other.
		case $(debug_flavour "$kernel") in
		kasan)	members[$key]+=" debug_leaks" ;;
		kcsan)	members[$key]+=" debug_races" ;;
		gcov)	members[$key]+=" debug_coverage" ;;
		esac
		set -- "$@" "$key:${members[$key]}"
	done
	if [ "$lanes" = 1 ]; then
		for key in "$@"; do
			vm_boots "$key"
		done
	else
		in_lanes "$lanes" vm_boots "$@"
	fi
}

# vm_stages NAME..: on each kernel of this run, what has to run there.
vm_stages()
{
	local kernel group
	for kernel in $RUN_KERNELS; do
		choose_tests "$kernel" "$@"
		group=
		! sliced "$kernel" || group=slice
		if [ "$kernel" = 6.1 ]; then
			stage vm vm_stage "$kernel" "$group" "${CHOSEN[@]}"
		else
			stage "vm $kernel" vm_stage "$kernel" "$group" "${CHOSEN[@]}"
		fi
	done
}
