# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# ./run bench kills: the same kill loop on our module and on the kernel's own, side by side in the
# same root. A guest that dies is a finding here: it is counted, and the loop goes on in a new boot.

KILL_BOOTS_MAX=40	# a module that dies at once must not keep us for ever

# What a dead guest said last that is worth telling.
kills_why()
{
	tr -d '\r' <"$1/console.log" |
		grep -m 2 -E 'BUG:|WARNING:|Oops|Kernel panic|RIP: 0010' | sed 's/^/      /'
}

# kills_of MODULE ROUNDS: leaves lines of rounds in $TMP/kills.MODULE, prints what happened
kills_of()
{
	local module=$1 rounds=$2 next=0 boots=0 dir last all=$TMP/kills.$1 limit
	local died=0 hung=0 dirty=0 failed=0
	: >"$all"
	: >"$all.loads"
	limit=$(vm_timeout killloop)
	while [ "$next" -lt "$rounds" ] && [ "$boots" -lt "$KILL_BOOTS_MAX" ]; do
		boots=$((boots + 1))
		dir=$(mktemp -d "$TMP/boot.XXXXXX")
		boot_tests "$dir" 2 "killloop $limit $module $rounds $next"
		end_script "$dir" killloop $((limit + 300))
		grep -E '^round [0-9]+ [^ ]+ us=' "$dir/out.log" >>"$all"
		grep '^load ' "$dir/out.log" >>"$all.loads"
		last=$(sed -n 's/^round \([0-9]*\) .*/\1/p' "$dir/out.log" | tail -n 1)
		next=$((${last:-$((next - 1))} + 1))
		case $SCRIPT_STATUS in
		0)	break ;;
		77)	say "   $module: $(grep '^skip:' "$dir/out.log")"; return 77 ;;
		125)	died=$((died + 1)) ;;
		124)	hung=$((hung + 1)) ;;
		126)	dirty=$((dirty + 1)) ;;
		*)	failed=$((failed + 1)) ;;
		esac
		say "   $module: $(status_word "$SCRIPT_STATUS") after $next of $rounds kills"
		kills_why "$dir"
		[ "$SCRIPT_STATUS" != 1 ] || grep '^FAILED' "$dir/out.log" | head -n 3
		# the kill that it did not survive counts as well
		next=$((next + 1))
	done
	kills_line "$module" "$all" "$boots" "$died" "$hung" "$dirty" "$failed"
}

# kills_median FILE [MODE]: of the times in ms
kills_median()
{
	grep -E "^round [0-9]+ ${2:-[^ ]+} " "$1" | sed 's/.*us=//' | sort -n | awk '
		{ v[NR] = $1 / 1000 }
		END {
			if (NR)
				printf "%.0f/%.0f/%.0f", v[1], v[int((NR + 1) / 2)], v[NR]
			else
				printf "-"
		}'
}

# kills_sum FILE KEY: over all loads that came to their end
kills_sum() { sed -n "s/.* $2=\([0-9]*\).*/\1/p" "$1" | awk '{ n += $1 } END { print n + 0 }'; }

kills_line()
{
	local module=$1 all=$2 mode
	say "$module: $(wc -l <"$all") kills that reached QUIESCED, in $3 boots;" \
		"$4 guests died, $5 hung, $6 dirty logs, $7 failed rounds;" \
		"I/O errors $(kills_sum "$all.loads" errors), wrong data $(kills_sum "$all.loads" wrong)"
	say "$module: kill to QUIESCED, min/median/max ms: $(kills_median "$all")"
	for mode in read-qd1 write-qd1 read-qd32 write-qd32; do
		say "$module:   $mode $(kills_median "$all" "$mode")"
	done
}

# bench_kills [ROUNDS [MODULE..]]
bench_kills()
{
	local rounds=${1:-200} module
	[[ $rounds =~ ^[0-9]+$ ]] || die "bench kills: how many rounds is '$rounds'?"
	[ $# -eq 0 ] || shift
	[ $# -gt 0 ] || set -- mainline ours
	build_user_space plain || die "user space does not build"
	make_root "$KERNEL" || die "there is no root to boot"
	make_payload || die "cannot make the payload image"
	choose_accel
	head_line "SIGKILL of a recovery-enabled server, $rounds rounds, kernel $KVER (${ACCEL[1]})"
	for module in "$@"; do
		kills_of "$module" "$rounds" || [ $? = 77 ] || return 1
	done
}
