# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2153 # what is set elsewhere
# ./run coverage: the VM suite on a kernel that counts, and what it reached of the module.

COVERAGE_GROUPS=(lifecycle ctrl io input stop crash takeover multi)
COVERAGE_DOC=$TOP/docs/coverage.md

# gather DIR: what each boot handed over, put together in DIR, beside what the compiler left.
gather()
{
	local dir=$1 log n=0
	mkdir -p "$dir"
	for log in "$TMP"/boot.*/out.log; do
		sed -n '/^gcda begins/,/^gcda ends/{//!p}' "$log" | base64 -d >"$dir/tar" || continue
		[ -s "$dir/tar" ] || continue
		mkdir "$dir/boot"
		tar -xz -C "$dir/boot" --strip-components=1 -f "$dir/tar" || return 1
		n=$((n + 1))
		if [ -d "$dir/sum" ]; then
			gcov-tool merge -o "$dir/both" "$dir/sum" "$dir/boot" >/dev/null || return 1
			rm -rf "${dir:?}/sum" "${dir:?}/boot"
			mv "$dir/both" "$dir/sum"
		else
			mv "$dir/boot" "$dir/sum"
		fi
	done
	[ "$n" -gt 0 ] || { warn "   no boot handed over a count"; return 1; }
	cp "$DEBUG_MODULE"/module/*.gcno "$dir/sum/"
	say "   counts of $n boots"
}

# count_lines DIR: DIR/lines, for coverage.awk. The tree that the module was made in has another
# name by now, so gcov does not find the sources; it is asked for numbers only.
count_lines()
{
	local name rest
	(cd "$1/sum" && gcov --json-format ./*.gcda >/dev/null 2>&1) || return 1
	for name in "$1"/sum/*.gcov.json.gz; do
		zcat "$name" | jq -r '.files[] | .file as $f | .lines[] |
			[$f, .line_number, .count, (.function_name // "-")] | @tsv'
	done |
		while read -r name rest; do
			# ours, not the kernel's headers
			[ ! -e "$TOP/module/${name##*/}" ] || say "$name $rest"
		done >"$1/lines"
	[ -s "$1/lines" ]
}

# show_missing DIR: with the text of the line
show_missing()
{
	local file line where
	awk -v missing=1 -f "$HARNESS/coverage.awk" "$1/lines" | sort -t: -k1,1 -k2,2n |
		while IFS=: read -r file line where; do
			say "$file:$line:$where $(sed -n "${line}s/^[ \t]*//p" "$TOP/module/$file")"
		done
}

coverage_table()
{
	say "| room | lines | reached | |"
	say "|---|---|---|---|"
	awk -f "$HARNESS/coverage.awk" "$1/lines"
}

# The table stands between two marks; the text around it is people's.
coverage_update()
{
	{
		sed '/^<!-- table -->/q' "$COVERAGE_DOC"
		say
		say "$KVER, $(date -u +%F), ${#CHOSEN[@]} scripts:"
		say
		cat "$1"
		say
		sed -n '/^<!-- end of table -->/,$p' "$COVERAGE_DOC"
	} >"$TMP/doc" && cat "$TMP/doc" >"$COVERAGE_DOC"
}

# ./run coverage [--update] [NAME..]
coverage_verb()
{
	local dir=$TMP/cover name
	RUN_KERNELS=${RUN_KERNELS%-*}
	RUN_KERNELS=${RUN_KERNELS:-6.1}-gcov
	need_packages jq
	build_user_space plain || warn "going on with what did build"
	choose_tests "$RUN_KERNELS" "$@"
	[ $# -gt 0 ] || {
		CHOSEN=()
		while read -r name; do
			! can_run "$name" "$RUN_KERNELS" ||
				[ "$(vm_header "$name" tier)" = full ] ||
				[[ " ${COVERAGE_GROUPS[*]} " != *" $(vm_group "$name") "* ]] ||
				CHOSEN+=("$name")
		done < <(vm_names)
	}
	stage vm vm_stage "$RUN_KERNELS" "" "${CHOSEN[@]}"
	gather "$dir" || die "nothing was counted"
	count_lines "$dir" || die "gcov does not read what was counted"
	coverage_table "$dir" >"$TMP/table"
	head_line "never reached"
	show_missing "$dir"
	head_line "coverage"
	cat "$TMP/table"
	[ "${COVERAGE_UPDATE:-}" = "" ] || coverage_update "$TMP/table"
	summary
}
