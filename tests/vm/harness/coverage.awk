# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# What gcov counted, "FILE LINE COUNT FUNCTION" each, as a table of the files; with -v missing=1 the
# lines that were never reached instead. A line is there once for each function it was inlined to.

{
	name = $1
	sub(/.*\//, "", name)
	key = name ":" $2
	if (!(key in count)) {
		lines[name]++
		order[++nr] = key
		of[key] = name
		where[key] = $4
	}
	count[key] += $3
}

END {
	for (i = 1; i <= nr; i++) {
		if (count[order[i]])
			reached[of[order[i]]]++
		else if (missing)
			print order[i] ": " where[order[i]] "()"
	}
	if (missing)
		exit
	for (name in lines) {
		printf "| `%s` | %d | %d | %.1f %% |\n", name, lines[name], reached[name],
			100 * reached[name] / lines[name] | "sort"
		total += lines[name]
		all_reached += reached[name]
	}
	close("sort")
	if (total)
		printf "| all | %d | %d | %.1f %% |\n", total, all_reached,
			100 * all_reached / total
}
