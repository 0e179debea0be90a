#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# C and shell only: a machine that builds kernel modules need have nothing else.
. "$(dirname "$0")/lint.bash"

while IFS= read -r f; do
	case $f in
	*.py|*.pl|*.rb|*.js|*.ts|*.go|*.rs|*.lua|*.tcl)
		finding "$f: neither C nor shell" ;;
	esac
	read -r first 2>/dev/null < "$f" || :
	[[ ! $first =~ ^#!.*(python|perl|ruby|node|lua|tclsh) ]] || finding "$f: $first"
done < <(files) 2>/dev/null
conclude
