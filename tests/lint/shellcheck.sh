#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# No script makes shellcheck say anything.
. "$(dirname "$0")/lint.bash"

command -v shellcheck >/dev/null || skip "shellcheck is not installed"
mapfile -t scripts < <(shell_files | sort -u)
shellcheck -x --severity=style "${scripts[@]}"
