#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# What bash offers behind "ublk". $1 = directory of the executables, $2 = the completion's file.
set -u -o pipefail
PATH=$1:$PATH
# shellcheck source=/dev/null
. "$2"
_ublk_ids() { printf '%s\n' 0 3 12; }
failures=0

# offers "WORDS" WANTED..: at the end of the line WORDS (a blank at its end: of a new word), all of
# WANTED are offered, and nothing of what comes behind a "not"
offers()
{
	local line=$1 word unwanted='' got
	shift
	# as bash does it
	read -ra COMP_WORDS <<<"${line//=/ = }"
	[[ $line != *[' '] ]] || COMP_WORDS+=("")
	[[ $line != *= ]] || COMP_WORDS+=("")
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMPREPLY=()
	_ublk 2>/dev/null
	got=" ${COMPREPLY[*]} "
	for word in "$@"; do
		if [ "$word" = not ]; then
			unwanted=1
		elif [ -z "$unwanted" ] && [[ $got != *" $word "* ]]; then
			echo "FAILED: \"$line\" does not offer $word, only:$got"
			failures=$((failures + 1))
		elif [ -n "$unwanted" ] && [[ $got == *" $word "* ]]; then
			echo "FAILED: \"$line\" offers $word:$got"
			failures=$((failures + 1))
		fi
	done
}

# every verb of --help is offered, and every option of every verb
mapfile -t verbs < <(ublk --help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p')
[ "${#verbs[@]}" -ge 11 ] || { echo "FAILED: only ${#verbs[@]} verbs"; failures=1; }
offers "ublk " "${verbs[@]}" --help not torture usage
for verb in "${verbs[@]}"; do
	mapfile -t options < <(ublk "$verb" --help | grep -o '^ *--[a-z-]*' | tr -d ' ')
	[ "$verb" = add ] || offers "ublk $verb -" "${options[@]}" --json not usage
done
for type in null mem loop fault zoned; do
	mapfile -t options < <(ublk-"$type" --help | grep -o '^ *--[a-z-]*' | tr -d ' ')
	offers "ublk add $type -" "${options[@]}" --recovery
done
offers "ublk st" stop not add list
offers "ublk add " loop mem null fault zoned not torture
offers "ublk add l" loop not mem
offers "ublk add fault " mem loop
offers "ublk add loop --recovery " off plain reissue fail-io
offers "ublk add loop --recovery=" off plain reissue fail-io
offers "ublk add loop --recovery=re" reissue not off plain
offers "ublk add loop --recovery reissue --da" --data not --recovery
offers "ublk add loop --queues " not off loop 0 3
offers "ublk stop " 0 3 12 not live
offers "ublk stop 1" 12 not 0 3
offers "ublk stop 3 --" --kill --timeout
offers "ublk wait 3 " live dead quiesced fail-io gone
offers "ublk wait 3 q" quiesced not live
offers "ublk list " not 0 3 12
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
: >"$work/disk.img"
offers "ublk add loop --file $work/d" "$work/disk.img"
offers "ublk add loop --file=$work/d" "$work/disk.img"

[ "$failures" -eq 0 ] || { echo "$failures failures"; exit 1; }
