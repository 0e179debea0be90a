#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# usage: io_test.sh PATH-OF-ublk-io
# The oracle on a plain file: it passes what is right, and sees a lost, a rolled back and a
# damaged write. A verifier that cannot fail proves nothing.
set -u
io=$1
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
file=$dir/file
truncate -s 4M "$file"

no() { echo "FAILED: $*"; exit 1; }

run() { "$io" --file "$file" --size 4M --buffered "$@" >"$dir/out" 2>"$dir/err"; }

run --ios 2000 --depth 8 --jobs 2 --bs 16K --seed 1 --save "$dir/state1"
status=$?
[ "$status" != 77 ] || { cat "$dir/err"; exit 77; }
[ "$status" = 0 ] || no "a plain file: $(cat "$dir/out" "$dir/err")"
grep -q 'errors=0 wrong=0' "$dir/out" || no "$(cat "$dir/out")"
cp "$file" "$dir/old"

run --ios 2000 --load "$dir/state1" --save "$dir/state2" || no "second run: $(cat "$dir/err")"
run --load "$dir/state2" --verify-only || no "verify: $(cat "$dir/err")"
cp "$file" "$dir/new"

# writes acknowledged after the copy are gone
cp "$dir/old" "$file"
run --load "$dir/state2" --verify-only && no "did not see the roll-back"
grep -q 'lost or rolled back' "$dir/err" || no "not seen as roll-back: $(cat "$dir/err")"

# one sector of one block is zero
cp "$dir/new" "$file"
dd if=/dev/zero of="$file" bs=512 seek=803 count=1 conv=notrunc status=none
run --load "$dir/state2" --verify-only && no "did not see the zeroes"
grep -q 'sector 3 .*zeroes' "$dir/err" || no "not seen as zeroes: $(cat "$dir/err")"

# one block is another block's
cp "$dir/new" "$file"
dd if="$dir/new" of="$file" bs=4096 skip=7 seek=9 count=1 conv=notrunc status=none
run --load "$dir/state2" --verify-only && no "did not see the misplaced block"
grep -q 'another place' "$dir/err" || no "not seen as misplaced: $(cat "$dir/err")"

# newer than anything that was issued
cp "$dir/new" "$file"
run --load "$dir/state1" --verify-only && no "did not see writes from the future"

# writes that fail are errors, and what they leave behind is not wrong data
file=/dev/full
run --ios 200 --seed 3 && no "errors did not make it fail"
run --ios 200 --seed 3 --allow-errors || no "allowed errors made it fail: $(cat "$dir/err")"
grep -q "first_error=ENOSPC" "$dir/out" || no "$(cat "$dir/out")"

echo "ublk-io: all as expected"
