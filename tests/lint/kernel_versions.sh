#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# The driver does not know which kernel it is built for: no answer of a probe and
# no kernel version outside module/compat, and versions not even there.
. "$(dirname "$0")/lint.bash"

version='LINUX_VERSION_CODE|KERNEL_VERSION *\(|RHEL_RELEASE|UTS_UBUNTU|SLE_VERSION'
while IFS= read -r f; do
	case $f in
	module/compat/*) pattern=$version ;;
	*) pattern="\\bHAVE_[A-Z]|$version" ;;
	esac
	while IFS= read -r hit; do
		finding "$f:$hit"
	done < <(awk -v want=code -f "$LINT/ccode.awk" "$f" | grep -nE "$pattern" || :)
done < <(files 'module/*.c' 'module/*.h')
conclude
