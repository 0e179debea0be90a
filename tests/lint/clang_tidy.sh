#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# clang-tidy has nothing to say about user space; what it looks for is in .clang-tidy.
. "$(dirname "$0")/lint.bash"

command -v clang-tidy cmake pkg-config > /dev/null ||
	need clang-tidy clang cmake make pkg-config liburing-dev libjson-c-dev libcmocka-dev
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# tidy FILE..
tidy()
{
	clang-tidy --quiet --config-file=.clang-tidy "$@" 2> "$tmp/err" || {
		grep -vE 'warnings? (generated|treated)|^Suppressed|^Use -' "$tmp/err" || :
		return 1
	}
}

# The planted is found, or silence means nothing.
printf '%s\n' '#include <stdlib.h>' 'int planted(const int *p);' 'int planted(const int *p)' \
	'{ int *q = malloc(4); return p ? 0 : *p + (q != NULL); }' > "$tmp/planted.c"
tidy "$tmp/planted.c" -- > "$tmp/planted" || :
grep -q 'core.NullDereference' "$tmp/planted" || finding "clang-tidy does not see a null pointer"

cmake -S . -B "$tmp/build" -DCMAKE_C_COMPILER=clang -DCMAKE_EXPORT_COMPILE_COMMANDS=ON \
	> "$tmp/cmake" 2>&1 || { cat "$tmp/cmake"; finding "cmake failed"; conclude; }

# Only what the build compiles; error.c defines what analyzer.h describes.
files '*.c' | grep -vx lib/error.c | while IFS= read -r f; do
	if grep -qF "\"file\": \"$PWD/$f\"" "$tmp/build/compile_commands.json"; then
		printf '%s\n' "$f"
	fi
done > "$tmp/files"
[ "$(wc -l < "$tmp/files")" -gt 50 ] || finding "only $(wc -l < "$tmp/files") files"
xargs -P "$(nproc)" -n 4 clang-tidy --quiet -p "$tmp/build" \
	--extra-arg=-include --extra-arg="$PWD/tests/lint/analyzer.h" \
	< "$tmp/files" > "$tmp/said" 2> "$tmp/err" || finding "clang-tidy has something to say"
clang-tidy --quiet -p "$tmp/build" lib/error.c >> "$tmp/said" 2>> "$tmp/err" || finding "lib/error.c"
sed "s,$PWD/,," "$tmp/said"
[ ! -s "$tmp/said" ] || [ "$FINDINGS" -gt 0 ] || finding "it said something"
conclude
