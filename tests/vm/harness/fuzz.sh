# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034 # BUILD_TARGET is build.sh's
# libFuzzer on tests/fuzz, for as long as there is time; each fuzz target counts as a test. The
# corpus in the tree is where it starts, and is left as it is.

FUZZ_PACKAGES=(clang libclang-rt-14-dev)
FUZZ_SECONDS=10		# per target; --full: FUZZ_SECONDS_FULL
FUZZ_SECONDS_FULL=120

fuzz_build()
{
	local BUILD_TARGET=fuzz
	need_packages "${FUZZ_PACKAGES[@]}"
	CC=clang build_user_space fuzz -DUBLK_SANITIZE=fuzz -DUBLK_WERROR=ON
}

# fuzz_one NAME SECONDS SEEDS: what it says is in $TMP/fuzz.NAME, what ended it in ..NAME.found/
fuzz_one()
{
	local name=$1 seconds=$2 dict=() found=$TMP/fuzz.$1.found seeds=$3
	rm -rf "$found" "$TMP/fuzz.$name.new"
	mkdir -p "$found" "$TMP/fuzz.$name.new"
	[ "$name" = desc ] || dict=(-dict="$TOP/tests/fuzz/record.dict")
	ASAN_OPTIONS=quarantine_size_mb=32 timeout -k 10 $((seconds + 120)) \
		"$BUILD/tests/fuzz/fuzz_$name" -max_total_time="$seconds" -timeout=20 \
		-rss_limit_mb=1024 -max_len=4096 -print_final_stats=1 -artifact_prefix="$found/" \
		"${dict[@]}" "$TMP/fuzz.$name.new" "$seeds" >"$TMP/fuzz.$name" 2>&1 </dev/null
}

# Says how to keep what was found: as a file of the corpus, which ctest replays.
fuzz_report()
{
	local name=$1 file
	grep -vE '^#[0-9]+[^:]*(NEW|REDUCE|pulse)' "$TMP/fuzz.$name" | tail -n 40 | sed 's/^/   | /'
	for file in "$TMP/fuzz.$name.found"/*; do
		[ -f "$file" ] || continue
		say "   fix it, and keep the input:"
		say "   base64 -d >tests/fuzz/corpus/$name/${file##*/} <<<$(base64 -w0 "$file")"
	done
}

# `./run test fuzz`
fuzz_stage()
{
	local seconds=$FUZZ_SECONDS t0=$SECONDS name runs BUILD
	[ -z "$FULL" ] || seconds=$FUZZ_SECONDS_FULL
	if ! fuzz_build; then
		count failed fuzz_build $((SECONDS - t0)) "does not build with -DUBLK_SANITIZE=fuzz"
		return
	fi
	for name in "$TOP"/tests/fuzz/fuzz_*.c; do
		name=$(basename "$name" .c)
		name=${name#fuzz_}
		t0=$SECONDS
		if fuzz_one "$name" "$seconds" "$TOP/tests/fuzz/corpus/$name"; then
			runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$TMP/fuzz.$name")
			count passed "fuzz_$name" $((SECONDS - t0)) "${runs:-0} runs"
		else
			count failed "fuzz_$name" $((SECONDS - t0)) "found something"
			fuzz_report "$name"
		fi
	done
	[ -z "$FULL" ] || fuzz_planted "$seconds"
}

# ---- does it find what is there? ----------------------------------------------------------

# One defect for each target (tests/fuzz/planted), in a copy; to be found from one good input.
fuzz_plant()
{
	local copy=$1 plan file
	mkdir -p "$copy"
	(cd "$TOP" && cp -r CMakeLists.txt dkms.conf include lib examples tests "$copy/") ||
		return 1
	for plan in "$copy"/tests/fuzz/planted/*.sed; do
		file=$copy/$(sed -n 's/^# \(lib[^:]*\):.*/\1/p' "$plan")
		cp "$file" "$file.good"
		sed -i -f "$plan" "$file"
		! cmp -s "$file" "$file.good" || { say "$plan changes nothing"; return 1; }
	done
	CC=clang cmake -S "$copy" -B "$copy/build" -DUBLK_SANITIZE=fuzz &&
		cmake --build "$copy/build" -j "$(nproc)" --target fuzz
}

fuzz_planted()
{
	local seconds=$1 copy=$TMP/planted name t0=$SECONDS seed status
	local -A seeds=([record]=minimal [view]=matching [desc]=write_read)
	if ! progress "building what has planted defects" fuzz_plant "$copy"; then
		count failed fuzz_planted $((SECONDS - t0)) "does not build"
		return
	fi
	for name in record view desc; do
		t0=$SECONDS status=0 seed=$copy/seed.$name
		mkdir -p "$seed"
		cp "$TOP/tests/fuzz/corpus/$name/${seeds[$name]}" "$seed/"
		BUILD=$copy/build fuzz_one "$name" "$seconds" "$seed" || status=$?
		if [ "$status" != 0 ] && [ -n "$(ls "$TMP/fuzz.$name.found")" ]; then
			count passed "fuzz_planted_$name" $((SECONDS - t0))
		else
			count failed "fuzz_planted_$name" $((SECONDS - t0)) "planted, and not found"
			fuzz_report "$name"
		fi
	done
}
