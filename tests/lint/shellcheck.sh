#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# No script makes shellcheck say anything.  It cannot see that a function is
# called by name (SC2317), takes sed and awk programs for mistakes (SC2016), and
# warns of "a && b || fail" (SC2015), which says what it means.
# VM tests run under "bash -eu" with lib.sh, which sets and uses variables by
# name: what -e and -u find is not looked for here (SC2164, SC2154, SC2034).
. "$(dirname "$0")/lint.bash"

command -v shellcheck >/dev/null || skip "shellcheck is not installed"

vm=() others=()
while IFS= read -r f; do
	case $f in
	tests/vm/harness/*) others+=("$f") ;;
	tests/vm/*) vm+=("$f") ;;
	*) others+=("$f") ;;
	esac
done < <(shell_files | sort -u)

status=0
shellcheck -x --severity=info -e SC2015,SC2016,SC2317 "${others[@]}" || status=1
[ ${#vm[@]} = 0 ] ||
	shellcheck -x --severity=info -e SC2015,SC2016,SC2317,SC2164,SC2154,SC2034 "${vm[@]}" || status=1
exit $status
