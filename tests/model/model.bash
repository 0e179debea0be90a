# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# Run spin on one configuration of the model and say what came of it. Sourced by check.sh and by
# the harness (tests/vm/harness/model.sh).

MODEL=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
MODEL_DEPTH=1000000
MODEL_LIMIT=3600	# seconds; only against hanging

# What state.pml says otherwise costs too much for every day; a configuration may say more
MODEL_FLAGS=(-DNFAULT=0 -DNEXTRA=0)

# model_list FILE: the lines that say something
model_list() { grep -vE '^[[:space:]]*(#|$)' "$MODEL/$1"; }

# model_build DIR FLAG..: spin's program for this configuration, in DIR
model_build()
{
	local dir=$1 safety=-DSAFETY optimize=-O0
	shift
	[[ " $* " != *" -DENDLESS "* ]] || safety=-DNP
	# compiling well takes longer than most searches do
	[[ " $* " != *" -DBIG "* ]] || optimize=-O2
	mkdir -p "$dir"
	(
		cd "$dir" || exit 1
		spin -a "${MODEL_FLAGS[@]}" "$@" "$MODEL/ublk.pml" &&
			gcc "$optimize" -w "$safety" -DNOFAIR -I"$MODEL" -I"$MODEL/../../module" -o pan pan.c
	) >"$dir/build.log" 2>&1
}

# model_run DIR FLAG..: search; pan's report goes to DIR/out
model_run()
{
	local dir=$1 search=()
	shift
	[[ " $* " != *" -DENDLESS "* ]] || search=(-l)
	(
		cd "$dir" || exit 1
		timeout "$MODEL_LIMIT" ./pan "${search[@]}" -m$MODEL_DEPTH -w23 >out 2>&1
	)
}

# model_verdict DIR: one line: `complete STATES`, `violated PROPERTY TEXT` or `incomplete WHY`
model_verdict()
{
	local out=$1/out text name
	if [ ! -s "$out" ]; then
		say_incomplete "$1"
		return
	fi
	text=$(grep -m 1 -E '^pan:[0-9]+: ' "$out")
	if grep -q 'max search depth too small' "$out"; then
		echo "incomplete the search is deeper than $MODEL_DEPTH"
	elif grep -q 'out of memory\|memory bound' "$out"; then
		echo "incomplete out of memory"
	elif [ -n "$text" ]; then
		name=rest
		[[ ! $text =~ \|\|([a-z]+)\)\ \(at ]] || name=${BASH_REMATCH[1]}
		[[ $text != *non-progress* ]] || name=ends
		echo "violated $name at depth ${text##* depth }" | tr -d ")"
	elif grep -q 'Search not completed' "$out" || ! grep -q 'errors: 0$' "$out"; then
		echo "incomplete pan stopped: $(tail -n 1 "$out")"
	else
		echo "complete $(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' "$out" | head -1)"
	fi
}

say_incomplete()
{
	echo "incomplete it does not build: $(tail -n 1 "$1/build.log" 2>/dev/null)"
}

# model_asked DIR PROPERTY: how often it was asked
model_asked() { sed -n "s/^property: $2 //p" "$1/out"; }

# model_trail DIR: the counterexample as pan tells it, its last steps
model_trail()
{
	(
		cd "$1" || exit 1
		[ ! -e ublk.pml.trail ] || ./pan -r ublk.pml.trail 2>&1
	)
}
