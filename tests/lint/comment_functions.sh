#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# A comment that names a function() names one that exists: in this tree, in the
# kernel's headers or exports, or in those of user space.  Comments outlive code.
. "$(dirname "$0")/lint.bash"

headers=$(kernel_headers)
[ -n "$headers" ] || skip "no kernel headers to look names up in"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

mapfile -t sources < <(files '*.c' '*.h' '*.cpp')
awk -v want=comments -f "$LINT/ccode.awk" "${sources[@]}" > "$tmp/comments"
grep -oE '\b[A-Za-z_][A-Za-z0-9_]*\(\)' "$tmp/comments" | tr -d '()' | sort -u > "$tmp/named"

# What the tree itself defines or calls, kernel exports, and then all headers.
awk -v want=code -f "$LINT/ccode.awk" "${sources[@]}" |
	grep -oE '\b[A-Za-z_][A-Za-z0-9_]*\b' | sort -u > "$tmp/known"
cut -f2 "$headers/Module.symvers" >> "$tmp/known"
sort -u -o "$tmp/known" "$tmp/known"
comm -23 "$tmp/named" "$tmp/known" > "$tmp/unknown"

mapfile -t trees < <(for d in "${headers%-*-*}-common/include" "$headers/include" /usr/include; do
	[ ! -d "$d" ] || echo "$d"; done)
if [ -s "$tmp/unknown" ]; then
	grep -rhowF -f "$tmp/unknown" "${trees[@]}" 2>/dev/null | sort -u > "$tmp/found" || :
	comm -23 "$tmp/unknown" "$tmp/found" > "$tmp/missing"
	while IFS= read -r name; do
		while IFS= read -r hit; do
			finding "$hit"
		done < <(grep -E "\\b$name\\(\\)" "$tmp/comments")
	done < "$tmp/missing"
fi
conclude
