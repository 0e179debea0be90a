# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# ./run soak: counted kills over the whole crash matrix (tests/vm/matrix.sh), for as long as one
# likes. A guest that dies and a violation are findings: they are counted, and it goes on with the
# next cell in a new boot.

SOAK_ROUNDS=1000
SOAK_SEED=
SOAK_BAD_MAX=20		# boots that end badly: more would say nothing new

# soak_sum KEY: over all cells that came to their end
soak_sum()
{
	sed -n "s/^cell .* $1=\([0-9]*\).*/\1/p" "$TMP/soak.cells" |
		awk '{ n += $1 } END { print n + 0 }'
}

# soak_bad DIR STATUS: what came to a bad end, and how to see it again
soak_bad()
{
	local last
	last=$(grep '^begin ' "$1/out.log" | tail -n 1)
	say "   $(status_word "$2") in cell ${last#begin }"
	kills_why "$1"
	grep -E '^FAILED|^wrong: ' "$1/out.log" | head -n 5 | sed 's/^/      /'
	say "   again: ./run soak --kernel $KERNEL --rounds $SOAK_ROUNDS --seed $SOAK_SEED"
	say "$last" >>"$TMP/soak.bad"
}

# soak_boot COUNT CELL: one guest; sets SCRIPT_STATUS and appends to soak.cells
soak_boot()
{
	local dir limit viewer last
	limit=$(vm_timeout soakloop)
	dir=$(mktemp -d "$TMP/boot.XXXXXX")
	boot_tests "$dir" 4 "soakloop $limit $1 $SOAK_SEED $2 $SOAK_BATCH"
	tail -n +1 -s 0.5 -f --pid="$GUEST" "$dir/out.log" 2>/dev/null |
		sed -u -n 's/^cell /   cell /p' &
	viewer=$!
	end_script "$dir" soakloop $((limit + 300))
	wait "$viewer"
	grep '^cell ' "$dir/out.log" >>"$TMP/soak.cells"
	last=$(sed -n 's/^begin \([0-9]*\) .*/\1/p' "$dir/out.log" | tail -n 1)
	SOAK_NEXT=$((${last:-$((SOAK_NEXT - 1))} + 1))
	[ "$SCRIPT_STATUS" = 0 ] || soak_bad "$dir" "$SCRIPT_STATUS"
}

# soak_kernel: the whole of it on KERNEL; status 0 if nothing was found
soak_kernel()
{
	local t0=$SECONDS boots=0 left counted died=0 hung=0 dirty=0 violations=0 bad=0
	# per cell, in batches: what a cell costs once is shared by its kills
	SOAK_BATCH=$(((SOAK_ROUNDS + 143) / 144))
	[ "$SOAK_BATCH" -ge 3 ] || SOAK_BATCH=3
	[ "$SOAK_BATCH" -le 25 ] || SOAK_BATCH=25
	: >"$TMP/soak.cells"
	: >"$TMP/soak.bad"
	SOAK_NEXT=0
	make_root "$KERNEL" || die "$NO_ROOT"
	choose_accel
	head_line "soak: $SOAK_ROUNDS counted kills, seed $SOAK_SEED, kernel $KVER (${ACCEL[1]})"
	while counted=$(soak_sum counted) && left=$((SOAK_ROUNDS - counted)) && [ "$left" -gt 0 ]; do
		soak_boot "$left" "$SOAK_NEXT"
		boots=$((boots + 1))
		case $SCRIPT_STATUS in
		0)	continue ;;
		124)	hung=$((hung + 1)) ;;
		125)	died=$((died + 1)) ;;
		126)	dirty=$((dirty + 1)) ;;
		*)	violations=$((violations + 1)) ;;
		esac
		bad=$((bad + 1))
		[ "$bad" -lt "$SOAK_BAD_MAX" ] || break
	done
	say "soak $KVER: $counted counted kills of $(soak_sum kills)," \
		"$(soak_sum deaths) more servers died while they took over;" \
		"$(soak_sum judged) blocks judged," \
		"$(wc -l <"$TMP/soak.cells") cells, $boots boots, $(((SECONDS - t0) / 60)) min, seed $SOAK_SEED"
	say "soak $KVER: $violations violations, $died guests died, $hung hung, $dirty dirty logs"
	[ "$bad" = 0 ] && [ "$counted" -ge "$SOAK_ROUNDS" ]
}

soak_verb()
{
	local status=0
	[[ $SOAK_ROUNDS =~ ^[1-9][0-9]*$ ]] || die "soak: how many rounds is '$SOAK_ROUNDS'?"
	[ -n "$SOAK_SEED" ] || SOAK_SEED=$((SRANDOM % 32768))
	[[ $SOAK_SEED =~ ^[0-9]+$ ]] || die "soak: the seed is a number, not '$SOAK_SEED'"
	build_user_space plain || die "user space does not build"
	make_payload || die "cannot make the payload image"
	for KERNEL in ${RUN_KERNELS:-6.1}; do
		soak_kernel || status=1
	done
	case $status in
	0)	say "soak: passed" ;;
	*)	say "soak: FAILED" ;;
	esac
	return "$status"
}
