# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034 # what is set here is used by the other parts
# ./run bench instructions: guests whose clock counts instructions, and what is made of the counts.

BENCH=$TOP/tests/bench
BENCH_ROWS=(null_blk ublk-null mainline-null loop ublk-loop mainline-loop
	loop-tmpfs ublk-loop-tmpfs mainline-loop-tmpfs)

# With one CPU in one thread, one nanosecond of the guest is one instruction. A string instruction
# counts once for each element, so a copy by "rep movsb" would count thousands: without ERMS and
# FSRM kernel and C library copy by larger ones.
BENCH_ACCEL=(-accel "tcg,thread=single" -cpu "max,-cx16,-erms,-fsrm"
	-icount "shift=0,sleep=off" -rtc clock=vm)

bench_figures() { say "$BENCH/instructions-$KERNEL.txt"; }

# count_boot SECONDS ARG..: one guest; its counts go to stdout, each behind the boot's name. The
# time limit is the host's: the guest's clock runs as it likes while it waits.
count_boot()
{
	local seconds=$1 dir
	local ACCEL=("${BENCH_ACCEL[@]}")
	shift
	dir=$(mktemp -d "$TMP/boot.XXXXXX")
	boot_tests "$dir" 1 "instructions 100000 $*"
	end_script "$dir" instructions "$seconds"
	if [ "$SCRIPT_STATUS" != 0 ]; then
		warn "   the guest: $(status_word "$SCRIPT_STATUS")"
		sed 's/^/   | /' "$dir/out.log" >&2
		[ "$SCRIPT_STATUS" != 125 ] || show_console "$dir" >&2
		return 1
	fi
	sed -n "s/^count: /${dir##*.} /p" "$dir/out.log"
}

# count_boots BOOTS SECONDS ARG..: leaves $TMP/points. One guest that is lost is tried again: all
# of them have to have measured the same.
count_boots()
{
	local boots=$1 i t0
	shift
	: >"$TMP/points"
	for ((i = 1; i <= boots; i++)); do
		t0=$SECONDS
		count_boot "$@" >"$TMP/points.new" || count_boot "$@" >"$TMP/points.new" ||
			return 1
		cat "$TMP/points.new" >>"$TMP/points"
		say "   boot $i of $boots: $(wc -l <"$TMP/points.new") counts, $((SECONDS - t0)) s"
	done
	awk -f "$BENCH/figures.awk" "$TMP/points" >"$TMP/figures"
}

bench_guest()
{
	build_user_space plain || return 1
	make_root "$KERNEL" || { warn "$NO_ROOT"; return 1; }
	make_payload || return 1
	# The check of the timer wants a clock that is not made of instructions.
	KERNEL_ARGS+=(no_timer_check)
}

# A file that says how it came about, to be compared with by --check.
write_figures()
{
	{
		cat <<-END
		# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
		# Guest instructions (kernel, server and client) per 4k random read, one CPU.
		# kernel: $KVER
		# date: $(date -u +%F), qemu: $(qemu-system-x86_64 --version |
			sed -n '1s/.*version \([^ ]*\).*/\1/p')
		# command: ./run bench instructions --update --kernel $KERNEL --boots $1
		# A boot's figure is the least of its $2 rounds of $3 reads, a row's the least
		# of its boots; spread is the highest boot's above it. --check fails above limit:
		# three spreads, at least 3 %.
		# row depth instructions spread% limit%
		END
		cat "$TMP/figures"
	} >"$(bench_figures)"
	say "written: $(bench_figures)"
}

# bench_instructions [--check | --update] [--boots N]
bench_instructions()
{
	local mode=show boots=3 rounds=3 ios=5000
	while [ $# -gt 0 ]; do
		case $1 in
		--check)	mode=check ;;
		--update)	mode=update ;;
		--boots)	[ $# -gt 1 ] || die "--boots needs a number"; boots=$2; shift ;;
		*)		die "bench instructions: no '$1'" ;;
		esac
		shift
	done
	[ $mode != check ] || [ -f "$(bench_figures)" ] || die "no $(bench_figures): --update?"
	bench_guest || die "no guest to count in"
	head_line "instructions per I/O on $KVER, $boots boots of $rounds rounds"
	count_boots "$boots" 1200 "$rounds" "$ios" "${BENCH_ROWS[@]}" || die "could not count"
	if [ $mode = update ]; then
		write_figures "$boots" "$rounds" "$ios"
	fi
	awk -f "$BENCH/table.awk" "$TMP/figures"
	[ $mode = check ] || return 0
	head_line "against $(bench_figures)"
	awk -v floor=3 -f "$BENCH/judge.awk" "$(bench_figures)" "$TMP/figures"
}

bench_verb()
{
	local what=${1:-}
	[ $# -eq 0 ] || shift
	case $what in
	instructions)	bench_instructions "$@" ;;
	kills)		bench_kills "$@" ;;
	*)		die "bench what? instructions or kills, not '$what'" ;;
	esac
}

# The short form in ./run test: one boot, few reads, so a wider limit; what it is to see is a step
# of the code, such as a lock or a system call more.
bench_stage()
{
	local t0=$SECONDS output status=0 floor=5 note=
	# One kernel will do: what grows unseen is in our code, and that is the same on all.
	local KERNEL=${RUN_KERNELS%% *}
	[ -f "$(bench_figures)" ] || return 0
	if ! bench_guest || ! count_boots 1 600 2 2000 null_blk ublk-null; then
		count failed bench_instructions $((SECONDS - t0)) "could not count"
		return
	fi
	# A new point release of Debian's is no fault of ours: then only a leap counts.
	if ! grep -qx "# kernel: $KVER" "$(bench_figures)"; then
		floor=20 note="the figures are of another kernel: limit $floor %"
	fi
	output=$(awk -v floor="$floor" -v partial=1 -f "$BENCH/judge.awk" "$(bench_figures)" \
		"$TMP/figures") || status=$?
	sed 's/^/   | /' <<<"$output"
	if [ "$status" = 0 ]; then
		count passed bench_instructions $((SECONDS - t0)) "$note"
	else
		count failed bench_instructions $((SECONDS - t0)) "more instructions than recorded"
	fi
}
