# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# From counts to figures. In: "BOOT ROW DEPTH INSTRUCTIONS .." per line; out, in the order in which
# rows first came: "ROW DEPTH INSTRUCTIONS SPREAD% LIMIT%".
# Some rows have two ways to go (who wakes whom), so a boot counts as the least of its rounds.

$4 !~ /^[0-9]+$/ { next }

{
	row = $2 " " $3
	at = row " " $1
	if (!(row in boots))
		rows[++nr] = row
	if (!(at in least)) {
		boots[row]++
		of[row, boots[row]] = at
		least[at] = $4
	}
	if ($4 < least[at])
		least[at] = $4
}

END {
	for (i = 1; i <= nr; i++) {
		row = rows[i]
		low = high = least[of[row, 1]]
		for (b = 2; b <= boots[row]; b++) {
			n = least[of[row, b]]
			if (n < low)
				low = n
			if (n > high)
				high = n
		}
		spread = 100 * (high - low) / low
		limit = 3 * spread > 3 ? 3 * spread : 3
		printf "%s %d %.2f %.1f\n", row, low, spread, limit
	}
}
