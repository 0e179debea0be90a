#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# check_header.sh CC INCLUDE_DIR: ublk.h compiles alone, as C99, C11 and C++11, and its
# initializers have as many members as their structs.
set -eu -o pipefail
cc=$1 include=$2
here=$(dirname "$(readlink -f "$0")")
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
warnings=(-Wall -Wextra -Wmissing-field-initializers -pedantic -Werror)

try()
{
	echo "$*"
	"$@" "${warnings[@]}" -I"$include" -o "$out/header" "$here/header.c"
	"$out/header"
}

try "$cc" -std=c99
try "$cc" -std=c11
# The kernel's types are not pedantic C99.
try "$cc" -std=gnu11 -DWITH_UAPI
if command -v c++ >/dev/null; then
	try c++ -std=c++11 -x c++
else
	echo "no C++ compiler: not tried as C++"
fi
