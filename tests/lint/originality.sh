#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# The driver is written for this project.  No run of 6 lines in module/ occurs in
# a ublk_drv.c of Linux, after comments, white space, lines of pure punctuation,
# includes and lines of nothing but interface names are taken out.
. "$(dirname "$0")/lint.bash"

LIMIT=6
package=linux-source-6.1
cache=${XDG_CACHE_HOME:-$HOME/.cache}/ublk/reference/$package
driver=drivers/block/ublk_drv.c
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

normalise()
{
	awk -v want=code -f "$LINT/ccode.awk" "$1" | sed -E '
		/^[[:space:]]*#[[:space:]]*include/d
		h; s/\b(UBLK|ublksrv|UBLKSRV)_?[A-Za-z0-9_]*//g
		s/\b(case|default|define|return|struct)\b//g
		/[A-Za-z]/!d
		g; s/[[:space:]]+//g'
}

linux_files "$cache" "$package" "$driver" || skip "$package cannot be had"
normalise "$cache/$driver" > "$tmp/theirs"

while IFS= read -r f; do
	normalise "$f" > "$tmp/ours"
	run=$(awk 'NR == FNR { line[$0] = line[$0] FNR " "; next }
		{
			# runs ending at the previous line, by place in the reference
			n = split(line[$0], at, " ")
			split("", now)
			for (i = 1; i <= n; i++) {
				now[at[i]] = (at[i] - 1 in last ? last[at[i] - 1] : 0) + 1
				if (now[at[i]] > best) { best = now[at[i]]; end = FNR }
			}
			split("", last)
			for (i in now) last[i] = now[i]
			text[FNR] = $0
		}
		END {
			print best + 0
			for (i = end - best + 1; i <= end; i++) print "    " text[i]
		}' "$tmp/theirs" "$tmp/ours")
	n=${run%%$'\n'*}
	[ "$n" -lt "$LIMIT" ] ||
		finding "$f: $n lines as in $package:${run#"$n"}"
	[ "$n" -le "${longest-0}" ] || { longest=$n; where=$f; }
done < <(files 'module/*.c' 'module/*.h')
echo "longest run: ${longest-0} lines (${where-none})"
conclude
