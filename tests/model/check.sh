#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# check.sh NAME: one line of configs or mutations by itself: the verdict, and the counterexample if
# there is one. check.sh -DFLAG..: the same for flags of your own. Leaves pan and its report in
# $MODEL_DIR (default /tmp/ublk-model).
set -u -o pipefail
. "$(dirname "$(readlink -f "$0")")/model.bash"

case ${1:-} in
'')	sed -n '3,5s/^# //p' "$0"; exit 2 ;;
-D*)	name=own flags=$* ;;
*)	name=$1
	flags=$({ model_list configs; model_list mutations; } | sed 's/;.*//' |
		awk -v name="$name" '$1 == name { $1 = $2 = ""; print }')
	[ -n "$flags" ] || { echo "neither a configuration nor a mutation: $name"; exit 2; } ;;
esac
dir=${MODEL_DIR:-/tmp/ublk-model}/$name
rm -rf "$dir"
t0=$SECONDS
# shellcheck disable=SC2086 # the flags are words
model_build "$dir" $flags && model_run "$dir" $flags
verdict=$(model_verdict "$dir")
[[ $verdict != violated* ]] || model_trail "$dir"
echo "$name: $verdict ($((SECONDS - t0)) s, in $dir)"
[[ $verdict == complete* ]]
