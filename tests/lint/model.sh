#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# The model (tests/model) and the driver's tables name the same states and the same edges: a state
# or an edge in the one and not in the other is a finding, unless tests/model/exceptions has it.
# That the edges are really taken is shown by spin (./run test model).
. "$(dirname "$0")/lint.bash"

model=tests/model
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

gcc -Imodule -o "$work/tables" $model/tables.c
"$work/tables" | sort -u >"$work/driver"

# the model's: every MOVE, STORE, PHASE and STATE between two names
{
	grep -hoE '\b(MOVE|STORE)\([^;]*, [A-Z]+, [A-Z]+\)' $model/*.pml |
		sed -E 's/.*, ([A-Z]+), ([A-Z]+)\)/slot \1 \2/'
	grep -hoE '\bPHASE\([^;]*, [A-Z]+, [A-Z]+\)' $model/*.pml |
		sed -E 's/.*, ([A-Z]+), ([A-Z]+)\)/phase \1 \2/'
	grep -hoE '\b(STATE\([A-Z_]+, [A-Z_]+|GO_LIVE\([A-Z_]+)\)' $model/*.pml |
		sed -E 's/GO_LIVE\(([A-Z_]+)\)/STATE(\1, LIVE)/; s/STATE\(([A-Z_]+), ([A-Z_]+)\)/state \1 \2/'
} | sort -u >"$work/model"
[ -s "$work/model" ] || finding "no edge found in $model/*.pml"

excused() { sed -n "s/^$1 \([a-z]* [A-Z_ ]*\):.*/\1/p" $model/exceptions | sort -u; }

while read -r edge; do
	finding "in module/*_table.h, not in the model: $edge"
done < <(comm -23 "$work/driver" "$work/model" | comm -23 - <(excused edge))
while read -r edge; do
	finding "in the model, not in module/*_table.h: $edge"
done < <(comm -13 "$work/driver" "$work/model" | comm -23 - <(excused edge))

# the names themselves
names_of() { tr '\n' ' ' <$model/state.pml | sed -E "s/.*mtype:$1 = \{([^}]*)\}.*/\1/; s/\b[SP]_//g" |
	grep -oE '[A-Z_]+' | sort -u; }
c_names() { sed -n "s/^\tUBLK_$1_\([A-Z_]*\)\( = [0-9]\)\?,.*/\1/p" "module/$2" | sort -u; }

compare_names()
{
	local name
	[ -n "$(c_names "$2" "$3")" ] || finding "no UBLK_$2_ in module/$3"
	while read -r name; do
		finding "$1 state $name: in module/$3, not in the model"
	done < <(comm -23 <(c_names "$2" "$3") <(names_of "$1") |
		comm -23 - <(sed -n "s/^state $1 \([A-Z_]*\):.*/\1/p" $model/exceptions | sort -u))
	while read -r name; do
		finding "$1 state $name: in the model, not in module/$3"
	done < <(comm -13 <(c_names "$2" "$3") <(names_of "$1") |
		comm -23 - <(sed -n "s/^name $1 \([A-Z_]*\):.*/\1/p" $model/exceptions | sort -u))
}

compare_names slot SLOT slot_table.h
compare_names state STATE state_table.h
compare_names phase PHASE state_table.h
conclude
