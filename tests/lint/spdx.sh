#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# Every file says its licence in its first line, in the comment style of its
# language, and it is the one of its part of the tree.
. "$(dirname "$0")/lint.bash"

licence_of()
{
	case $1 in
	LICENSES/*|*README|*.md|.gitignore|*/.gitignore|*.txt.in)	echo "" ;;
	debian/changelog|debian/copyright|debian/source/*|debian/*.dkms)	echo "" ;;
	tests/raw/traces/* | tests/fuzz/corpus/*)	echo "" ;;	# recorded data
	# compiled or read by tests and library as well
	module/params.[ch]|module/disk_limits.[ch]|module/*_table.h)
							echo "GPL-2.0-only OR MIT" ;;
	module/*|dkms.conf|tests/mutations/*)		echo "GPL-2.0-only" ;;
	include/uapi/*)	echo "(GPL-2.0-only WITH Linux-syscall-note) OR MIT" ;;
	*)						echo "MIT OR LGPL-2.1-or-later" ;;
	esac
}

while IFS= read -r f; do
	licence=$(licence_of "$f")
	[ -n "$licence" ] || continue
	tag="SPDX-License-Identifier: $licence"
	case $f in
	*.c|*.cpp)	want="// $tag" ;;
	docs/man/*.[1-8] | docs/man/*.man)	want=".\\\" $tag" ;;
	*.h)		want="/* $tag */" ;;
	*)		want="# $tag" ;;
	esac
	mapfile -n 2 -t lines < "$f"
	line=${lines[0]-}
	[[ $line != '#!'* ]] || line=${lines[1]-}
	# The kernel wants the first form in .c, other projects use the second.
	[ "$line" = "$want" ] || [ "$line" = "/* $tag */" ] || finding "$f: wants \"$want\", has \"$line\""
done < <(files)
conclude
