#!/bin/sh
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# make.sh DIR VERSION: the manual as it is installed, DIR/manN/PAGE.N. The pages here, with the
# version put in and with what servers have in common; and those made from ublk.h.
set -eu
out=$1 version=$2
date=2026-11-23
here=$(dirname "$(readlink -f "$0")")

for page in "$here"/*.[1-8]; do
	dir=$out/man${page##*.}
	mkdir -p "$dir"
	sed -e "s/@VERSION@/$version/; s/@DATE@/$date/" \
		-e "/^@SERVER_OPTIONS@\$/{r $here/server-options.man" -e 'd}' \
		"$page" >"$dir/${page##*/}"
done
mkdir -p "$out/man3"
expand "$here/../../include/ublk.h" |
	awk -v out="$out/man3" -v version="$version" -v date="$date" -f "$here/header.awk"
