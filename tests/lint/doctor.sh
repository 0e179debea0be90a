#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# docs/doctor.md and examples/ublk/doctor_table.h have the same entries, equally bad; each is judged
# by a unit test and made in a VM test; and the doctor says what each of them is.
# shellcheck disable=SC2016 # the quoted is what it says
. "$(dirname "$0")/lint.bash"

doc=docs/doctor.md table=examples/ublk/doctor_table.h

# in_code FILE, in_doc FILE: "name level", sorted
in_code() { sed -n 's/^\tX([A-Z_]*, "\([a-z-]*\)", \([A-Z]*\)).*/\1 \2/p' "$1" | sed 's/FAIL$/failure/; s/WARN$/warning/' | sort; }
in_doc() { sed -n 's/^| `\([a-z-]*\)` | \(failure\|warning\) |.*/\1 \2/p' "$1" | sort; }

[ "$(in_code "$table" | wc -l)" -ge 20 ] || finding "$table: no table is found in it"
differ=$(diff <(in_code "$table") <(in_doc "$doc") | grep '^[<>]' || :)
[ -z "$differ" ] || finding "$table (<) and $doc (>) differ: $differ"

while IFS= read -r row; do
	[ "$(grep -o '|' <<<"$row" | wc -l)" = 6 ] || finding "$doc: not five columns: $row"
	! grep -qE '\|[[:space:]]*\|' <<<"$row" || finding "$doc: an empty cell: $row"
done < <(grep '^| `' "$doc")

while read -r name _; do
	grep -qF "\"$name\"" examples/tests/test_doctor.c ||
		finding "examples/tests/test_doctor.c: $name is not judged"
	grep -lqE "(^|[^a-z-])$name([^a-z-]|\$)" tests/vm/lifecycle_*.sh tests/vm/secureboot_*.sh ||
		finding "tests/vm: no script makes $name"
done < <(in_code "$table")
while IFS= read -r symbol; do
	grep -qE "DOCTOR_$symbol\\b" examples/ublk/doctor.c || finding "doctor.c never says $symbol"
done < <(sed -n 's/^\tX(\([A-Z_]*\),.*/\1/p' "$table")

# a row too many is seen
tmp=$(mktemp)
{ cat "$doc"; echo '| `no-such-entry` | failure | a | b | c |'; } >"$tmp"
diff -q <(in_code "$table") <(in_doc "$tmp") >/dev/null && finding "a row too many is not seen"
rm -f "$tmp"
conclude
