#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# Every test that a document names exists, every row of promises names one, and
# what docs/guarantees.md says of the parameters' defaults is what they are.
# shellcheck disable=SC2016 # the quoted is what it says
. "$(dirname "$0")/lint.bash"

# missing DOC: names of tests in it that are none
missing()
{
	local name
	while IFS= read -r name; do
		case $name in
		test_*.c)	[ -e "tests/unit/$name" ] || [ -e "examples/tests/$name" ] ;;
		tests/* | module/* | lib/* | examples/*)	[ -e "$name" ] ;;
		*.sh)		[ -e "tests/lint/$name" ] || grep -qs '^# desc: ' "tests/vm/$name" ;;
		esac || echo "$name"
	done < <(grep -oE '`[A-Za-z0-9_/.-]+\.(sh|c)`' "$1" | tr -d '`' | grep -E '\.sh$|^test_|/' | sort -u)
}

while IFS= read -r doc; do
	for name in $(missing "$doc"); do
		finding "$doc: there is no $name"
	done
done < <(files 'docs/*.md' README.md)

doc=docs/guarantees.md
# the last cell of each row of a table
while IFS= read -r row; do
	case $row in
	*'| shown by |' | '|---'*) continue ;;
	esac
	[[ ${row%|} =~ \|[^|]*\.(sh|c)\`[^|]*$ ]] || [[ $row == *'the tests of STOP above'* ]] ||
		finding "$doc: no test in: $row"
done < <(grep '^|' "$doc")

default()
{
	sed -n "s/.*$1 = .*[^0-9]\([0-9]*\) : \([0-9]*\);/\1 \2/p; s/.*$1 = \([0-9]*\);/\1/p" module/main.c
}
[ "$(default ublk_monitor_period_ms)" = "5000 1000" ] || finding "monitor_period_ms: $doc says 5000 and 1000"
[ "$(default ublk_stop_timeout_ms)" = 30000 ] || finding "stop_timeout_ms: $doc says 30000"
grep -q '^#define DEFAULT_WAIT_MS[[:space:]]*30000$' lib/config.c || finding "fence_timeout_ms: $doc says 30000"

# a test that is none is seen
printf '`stop_alive.sh` `no_such_test.sh` `test_none.c`\n' > "${tmp:=$(mktemp)}"
[ "$(missing "$tmp" | xargs)" = "no_such_test.sh test_none.c" ] || finding "a wrong name is not seen"
rm -f "$tmp"
conclude
