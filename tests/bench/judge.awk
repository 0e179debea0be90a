# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# judge.awk -v floor=PERCENT [-v partial=1] RECORDED NEW: status 1 if a row of NEW is more above
# its record than the record's limit, and than the floor, or if a row was not measured (partial:
# that is no fault); 2 if there is nothing to compare.

/^#/ || NF < 5 { next }

FNR == NR {
	rows[++nr] = $1 " " $2
	recorded[$1 " " $2] = $3
	limit[$1 " " $2] = $5 > floor ? $5 : floor
	next
}

{ new[$1 " " $2] = $3 }

END {
	for (i = 1; i <= nr; i++) {
		row = rows[i]
		split(row, word, " ")
		name = word[1] " QD" word[2]
		if (!(row in new)) {
			if (!partial) {
				printf "MISSING   %-28s was not measured\n", name
				bad = 1
			}
			continue
		}
		compared++
		change = 100 * (new[row] - recorded[row]) / recorded[row]
		verdict = "ok"
		if (change > limit[row]) {
			verdict = "WORSE"
			bad = 1
		} else if (change < -limit[row]) {
			verdict = "better"
		}
		printf "%-9s %-28s %7d, was %7d: %+.2f %% (limit %.1f %%)\n", verdict, name,
			new[row], recorded[row], change, limit[row]
	}
	if (!compared) {
		print "nothing to compare"
		exit 2
	}
	exit bad
}
