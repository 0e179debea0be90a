#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# check_install.sh CMAKE BUILD_DIR CC [CFLAGS..]: an outside program finds the installed library by
# pkg-config and by find_package, links it both ways, and runs.
set -eu -o pipefail
cmake=$1 build=$2 cc=$3
shift 3
here=$(dirname "$(readlink -f "$0")")
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
prefix=$out/prefix

# The files know their prefix since the configuration; installed elsewhere, they must be told.
"$cmake" --install "$build/lib" --prefix "$prefix" > "$out/log" || { cat "$out/log"; exit 1; }
libdir=$(dirname "$(find "$prefix" -name libublk.so)")
[ "$(find "$prefix" -name '*.h' -printf '%P ' | tr ' ' '\n' | sort | xargs)" = \
	"include/ublk.h include/ublk_stats.h" ] ||
	{ echo "not exactly the two headers are installed"; exit 1; }

flags()
{
	PKG_CONFIG_PATH=$libdir/pkgconfig pkg-config --define-variable=prefix="$prefix" "$@" ublk
}

run()
{
	"$@" > "$out/says" || { echo "failed: $*"; cat "$out/says"; exit 1; }
	grep -q '^libublk [0-9]' "$out/says"
}

echo "== pkg-config, shared"
# shellcheck disable=SC2046 # words are wanted
"$cc" "$@" -std=c99 -o "$out/shared" "$here/outside.c" $(flags --cflags --libs)
run env LD_LIBRARY_PATH="$libdir" "$out/shared"

echo "== pkg-config, static"
# shellcheck disable=SC2046
"$cc" "$@" -std=c99 -o "$out/static" "$here/outside.c" $(flags --cflags) "$libdir/libublk.a" \
	$(flags --libs --static | sed 's/-lublk//')
run "$out/static"

echo "== find_package"
mkdir "$out/project"
cp "$here/outside.c" "$out/project"
cat > "$out/project/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.20)
project(outside C)
find_package(ublk 0.1 REQUIRED)
add_executable(shared outside.c)
target_link_libraries(shared ublk::ublk)
add_executable(static outside.c)
target_link_libraries(static ublk::ublk-static)
END
"$cmake" -S "$out/project" -B "$out/project/build" -DCMAKE_PREFIX_PATH="$prefix" \
	-DCMAKE_C_COMPILER="$cc" -DCMAKE_C_FLAGS="$*" > "$out/log" 2>&1 &&
	"$cmake" --build "$out/project/build" >> "$out/log" 2>&1 || { cat "$out/log"; exit 1; }
run "$out/project/build/shared"
run "$out/project/build/static"
