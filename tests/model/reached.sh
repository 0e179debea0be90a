#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# reached.sh DIR..: lines of the model that no search of these executed, by process (what state.pml
# and abort.pml share: by anybody). Prints those whose line does not say why, `unreached: REASON`.
set -eu -o pipefail
here=$(dirname "$(readlink -f "$0")")

for dir; do
	[ -s "$dir/out" ] || { echo "no report in $dir"; continue; }
	# pan.m has every statement, by state; the report has the states that were not reached
	awk '
	FNR == 1 { file++ }
	file == 1 && /^unreached in / { process = $NF; sub(":init:", "init", process); next }
	file == 1 && match($0, /[a-z_]+\.pml:[0-9]+, state [0-9]+/) {
		split(substr($0, RSTART, RLENGTH), part, ", state ")
		not_reached[process, part[2]] = 1
	}
	file == 2 && /\/\* PROC / { process = $3; sub(":init:", "init", process); next }
	file == 2 && match($0, /STATE [0-9]+ - .*\.pml:[0-9]+ - \[.*\]/) {
		text = substr($0, RSTART, RLENGTH)
		state = text; sub(/^STATE /, "", state); sub(/ .*/, "", state)
		line = text; sub(/ - \[.*/, "", line); sub(/.*\//, "", line)
		if (text ~ /\[(\.\(goto\)|-end-|else|\{?c_code)/)
			next
		who = line ~ /^(state|abort)\.pml/ ? "" : process " "
		print (not_reached[process, state] ? "no " : "yes ") who line
	}' "$dir/out" "$dir/pan.m"
done | sort -u | awk '
	{ key = $0; sub(/^[a-z]+ /, "", key) }
	$1 == "yes" { reached[key] = 1 }
	$1 == "no" { missing[key] = 1 }
	$1 != "yes" && $1 != "no" { print }
	END { for (key in missing) if (!(key in reached)) print key }
' | sort -V | while read -r text; do
	place=${text##* }
	line=$(sed -n "${place#*:}p" "$here/${place%:*}" 2>/dev/null || :)
	[[ $line == *unreached:* ]] || echo "never executed: $text $line"
done
