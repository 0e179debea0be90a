#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# The module builds against the newest headers of this machine, and neither the
# compiler (W=1) nor sparse (C=2) has anything to say.  Builds a copy: several
# runs may go on at once, and none leaves anything in the tree.
. "$(dirname "$0")/lint.bash"

need()
{
	[ "$(id -u)" = 0 ] || skip "$* not installed, and only root can"
	apt-get -q -y install "$@" > /dev/null 2>&1 || skip "cannot install $*"
}

[ -e module/Kbuild ] || skip "there is no module/Kbuild"
command -v sparse > /dev/null || need sparse
[ -n "$(kernel_headers)" ] || need make gcc linux-headers-cloud-amd64
headers=$(kernel_headers)
[ -n "$headers" ] || skip "no kernel headers"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/include"
cp -r include/uapi "$tmp/include/"
files module | cpio -pdm --quiet "$tmp"

status=0
make -C "$headers" M="$tmp/module" W=1 C=2 -j2 modules > "$tmp/log" 2>&1 || status=$?
if [ "$status" != 0 ] || grep -qE ': (warning|error|note):|^WARNING|^ERROR' "$tmp/log"; then
	sed "s,$tmp/,," "$tmp/log"
	finding "$(basename "$headers"): make ended with status $status, or with warnings"
fi
[ -e "$tmp/module/ublk_drv.ko" ] || finding "no ublk_drv.ko"
conclude
