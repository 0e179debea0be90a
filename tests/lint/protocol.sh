#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# docs/protocol.md has every rule, and what it names exists.
# shellcheck disable=SC2016 # the quoted is what it says
set -eu -o pipefail
cd "$(dirname "$0")/../.."

doc=docs/protocol.md
status=0
complain() {
	echo "$doc: $*"
	status=1
}

for rule in R{1..23} P{1..18} I{1..10}; do
	grep -q "^| $rule |" "$doc" || complain "$rule is missing"
done
while read -r name; do
	case $name in
	*.sh) [ -e "tests/vm/$name" ] || [ -e "tests/lint/${name##*/}" ] || complain "no $name" ;;
	test_*.c) [ -e "tests/unit/$name" ] || complain "no $name" ;;
	lib/*) [ -e "$name" ] || complain "no $name" ;;
	*.[ch]) [ -e "module/$name" ] || complain "no $name" ;;
	esac
done < <(grep -o '`[^`]*\.\(sh\|c\|h\)`' "$doc" | tr -d '`' | sort -u)
while read -r name; do
	git grep -qw "$name" -- module || complain "no function $name()"
done < <(grep -o 'ublk_[a-z_]*()' "$doc" | tr -d '()' | sort -u)
exit $status
