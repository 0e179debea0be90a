# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# The model stage: spin searches each configuration of tests/model to its end, finds each planted
# defect, and what it went through is held against the driver's tables. See docs/model.md.

MODEL_PACKAGES=(spin gcc libc6-dev)
MODEL_PROPERTIES=(once command stop quiesced monitor table)

# model_in_tier TIER: is it searched in this run?
model_in_tier() { [ "$1" = day ] || { [ "$1" = full ] && [ -n "$FULL" ]; }; }

# model_search NAME FLAG..: one search, in $TMP/model/NAME
model_search()
{
	local dir=$TMP/model/$1 t0=$SECONDS
	shift
	model_build "$dir" "$@" && model_run "$dir" "$@"
	echo $((SECONDS - t0)) >"$dir/seconds"
}

# model_search_all FILE: those of a list that are of this tier, as many at once as there are CPUs
model_search_all()
{
	local name tier flags jobs=()
	while read -r name tier flags; do
		model_in_tier "$tier" || continue
		while [ ${#jobs[@]} -ge "$(nproc)" ]; do
			wait -n "${jobs[@]}"
			mapfile -t jobs < <(jobs -pr)
		done
		# shellcheck disable=SC2086 # the flags are words
		model_search "$name" $flags </dev/null &
		jobs+=($!)
	done < <(model_list "$1" | sed 's/;.*//')
	wait
}

model_seconds() { cat "$TMP/model/$1/seconds" 2>/dev/null || echo 0; }

# model_count_config NAME FLAG..: each property of a configuration is a test
model_count_config()
{
	local name=$1 dir=$TMP/model/$1 verdict property seconds
	shift
	verdict=$(model_verdict "$dir")
	seconds=$(model_seconds "$name")
	if [[ " $* " == *" -DENDLESS "* ]]; then
		property=ends
		if [[ $verdict == complete* ]]; then
			count passed "model_$name" "$seconds" "${verdict#complete } states, no endless run"
		else
			count failed "model_$name" "$seconds" "$verdict"
			model_trail "$dir" | tail -n 40 | sed 's/^/   | /'
		fi
		return
	fi
	if [[ $verdict != complete* ]]; then
		count failed "model_$name" "$seconds" "$verdict"
		model_trail "$dir" | tail -n 60 | sed 's/^/   | /'
		return
	fi
	for property in "${MODEL_PROPERTIES[@]}"; do
		if [ "$(model_asked "$dir" "$property")" -gt 0 ]; then
			count passed "model_${name}_$property" "$seconds" \
				"${verdict#complete } states, asked $(model_asked "$dir" "$property") times"
		else
			count failed "model_${name}_$property" 0 "never asked: the model is vacuous"
		fi
		seconds=0
	done
}

# A mutation that spin does not find is a failed test, and so is one that it finds as something else.
model_count_mutation()
{
	local name=$1 want=$2 verdict
	verdict=$(model_verdict "$TMP/model/$name")
	if [[ $verdict == "violated $want "* ]]; then
		count passed "model_finds_$name" "$(model_seconds "$name")" "$verdict"
	else
		count failed "model_finds_$name" "$(model_seconds "$name")" "not as $want: $verdict"
	fi
}

# model_count_check NAME COMMAND..: a check over all searches; what it prints is what is missing
model_count_check()
{
	local name=$1 output
	shift
	output=$("$@" 2>&1)
	if [ -z "$output" ]; then
		count passed "model_$name" 0
	else
		count failed "model_$name" 0 "see below"
		sed 's/^/   | /' <<<"$output"
	fi
}

model_stage()
{
	local name tier rest dirs=()
	need_packages "${MODEL_PACKAGES[@]}"
	# shellcheck source=/dev/null
	. "$TOP/tests/model/model.bash"
	model_search_all configs
	model_search_all mutations
	while read -r name tier rest; do
		model_in_tier "$tier" || continue
		# shellcheck disable=SC2086
		model_count_config "$name" $rest
		dirs+=("$TMP/model/$name")
	done < <(model_list configs)
	while read -r name tier rest; do
		model_in_tier "$tier" || continue
		read -r rest <<<"${rest#*;}"
		model_count_mutation "$name" "${rest%% *}"
	done < <(model_list mutations)
	model_count_check edges bash "$TOP/tests/model/edges.sh" "${dirs[@]}"
	model_count_check reached bash "$TOP/tests/model/reached.sh" "${dirs[@]}"
}
