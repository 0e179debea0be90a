#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# Every verb and every option that a program's --help knows is in its page of the manual.
# $1 = directory of the executables, $2 = the manual as it is installed.
set -u -o pipefail

bin=$1 manual=$2
failures=0
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

missing()
{
	echo "FAILED: $1 has no $2"
	failures=$((failures + 1))
}

# page_text NAME [VERB]: as it is read, without escapes; of ublk(8), what it says of VERB
page_text()
{
	sed -e 's/\\f[A-Z]//g; s/\\-/-/g; s/"//g' "$manual/man8/$1.8" | awk -v verb="${2:-}" '
		/^\.SH/ { in_verbs = /VERBS/; here = 0 }
		# its entry, and not one of an option
		in_verbs && /^\.RS/ { deep = 1 }
		in_verbs && /^\.RE/ { deep = 0 }
		in_verbs && !deep && was_tp && /^\.BI? / { here = $2 == verb }
		{ was_tp = /^\.TP/ }
		!verb || here' >"$work/text"
}

# options_in PAGE HELP [VERB]: what HELP lists is in PAGE
options_in()
{
	local option n=0
	[ -s "$manual/man8/$1.8" ] || { missing "the manual" "$1(8)"; return; }
	page_text "$1" "${3:-}"
	[ -s "$work/text" ] || missing "$1(8)" "verb $3"
	while read -r option; do
		n=$((n + 1))
		[ "${3:-}" != "" ] && [ "$option" = --json ] && continue	# all verbs have it
		grep -qE -e "(^|[ ,])$option([ ,]|\$)" "$work/text" || missing "$1(8)" "${3:-} $option"
	done < <(sed -n 's/^ *\(--[a-z][a-z-]*\).*/\1/p' <<<"$2" | sort -u)
	[ "$n" -gt 0 ] || missing "$1 --help" "options"
}

verbs=0
for verb in $("$bin/ublk" --help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p'); do
	verbs=$((verbs + 1))
	options_in ublk "$("$bin/ublk" "$verb" --help)" "$verb"
done
[ "$verbs" -ge 11 ] || missing "ublk --help" "verbs"
page_text ublk
grep -q -e '^\.B --json' "$work/text" || missing "ublk(8)" --json
for program in ublk-null ublk-mem ublk-loop ublk-fault ublk-zoned ublk-torture; do
	options_in "$program" "$("$bin/$program" --help)"
done

[ "$failures" -eq 0 ] || { echo "$failures failures"; exit 1; }
