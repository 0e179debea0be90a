# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# What gcov says of each file, as a table; with -v missing=1 the lines that were never reached
# instead. Reads FILE.c.gcov: "    count:  line:source".

function flush()
{
	if (!lines)
		return
	if (!missing)
		printf "| `%s` | %d | %d | %.1f %% |\n", name, lines, reached, 100 * reached / lines
	total += lines
	all_reached += reached
	lines = reached = 0
}

FNR == 1 {
	flush()
	name = FILENAME
	sub(/.*\//, "", name)
	sub(/\.gcov$/, "", name)
	where = ""
}

{
	split($0, part, ":")
	count = part[1]
	gsub(/ /, "", count)
	number = part[2] + 0
	text = substr($0, length(part[1]) + length(part[2]) + 3)
}

# the function that a line belongs to: its name is at the left edge
number && text ~ /^[a-z].*[a-z0-9_]\(/ {
	where = text
	sub(/\(.*/, "", where)
	sub(/.*[ *]/, "", where)
}

count == "-" || count == "" || !number { next }

{
	lines++
	if (count !~ /^[#=]/) {
		reached++
	} else if (missing) {
		sub(/^[ \t]+/, "", text)
		printf "%s:%d: %s(): %s\n", name, number, where, text
	}
}

END {
	flush()
	if (!missing && total)
		printf "| all | %d | %d | %.1f %% |\n", total, all_reached,
			100 * all_reached / total
}
