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

# page_has NAME PATTERN: in its text, without escapes
page_has()
{
	sed -e 's/\\f[A-Z]//g; s/\\-/-/g; s/"//g' "$manual/man8/$1.8" >"$work/page" &&
		grep -qE -e "$2" "$work/page"
}

# options_in PAGE HELP: what HELP lists is in PAGE
options_in()
{
	local option n=0
	[ -s "$manual/man8/$1.8" ] || { missing "the manual" "$1(8)"; return; }
	while read -r option; do
		n=$((n + 1))
		page_has "$1" "(^|[ ,])$option([ ,]|\$)" || missing "$1(8)" "$option"
	done < <(sed -n 's/^ *\(--[a-z][a-z-]*\).*/\1/p' <<<"$2" | sort -u)
	[ "$n" -gt 0 ] || missing "$1 --help" "options"
}

verbs=0
for verb in $("$bin/ublk" --help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p'); do
	verbs=$((verbs + 1))
	page_has ublk "^\.BI? $verb( |\$)" || missing "ublk(8)" "verb $verb"
	options_in ublk "$("$bin/ublk" "$verb" --help)"
done
[ "$verbs" -ge 11 ] || missing "ublk --help" "verbs"
for program in ublk-null ublk-mem ublk-loop ublk-fault ublk-torture; do
	options_in "$program" "$("$bin/$program" --help)"
done

[ "$failures" -eq 0 ] || { echo "$failures failures"; exit 1; }
