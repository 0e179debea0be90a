# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# Figures (see figures.awk) for people: a device per line.

/^#/ { next }

{
	if (!($1 in seen))
		rows[++nr] = $1
	seen[$1] = 1
	n[$1, $2] = $3
	spread[$1, $2] = $4
}

END {
	printf "%-22s %10s %8s %10s %8s\n", "device", "QD1", "spread", "QD32", "spread"
	for (i = 1; i <= nr; i++) {
		r = rows[i]
		printf "%-22s %10d %7.2f%% %10d %7.2f%%\n", r, n[r, 1], spread[r, 1],
			n[r, 32], spread[r, 32]
	}
}
