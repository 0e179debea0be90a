#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# The module builds against the newest headers of this machine, and neither the
# compiler (W=1) nor sparse (C=2) has anything to say.  Builds a copy: several
# runs may go on at once, and none leaves anything in the tree.
. "$(dirname "$0")/lint.bash"

[ -e module/Kbuild ] || skip "there is no module/Kbuild"
command -v sparse > /dev/null || need sparse
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
module_copy "$tmp"

status=0
make -C "$HEADERS" M="$tmp/module" W=1 C=2 -j2 modules > "$tmp/log" 2>&1 || status=$?
if [ "$status" != 0 ] || grep -qE ': (warning|error|note):|^WARNING|^ERROR' "$tmp/log"; then
	sed "s,$tmp/,," "$tmp/log"
	finding "$(basename "$HEADERS"): make ended with status $status, or with warnings"
fi
[ -e "$tmp/module/ublk_drv.ko" ] || finding "no ublk_drv.ko"
conclude
