#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# docs/register.md has every entry; the tests that it names say so themselves; every mutation that
# it names applies to the module as it is, and names a test that is there.
. "$(dirname "$0")/lint.bash"

doc=docs/register.md
entries=(A{1..15} B{1..22} C{1..20})

# covers NAME: the entries that a script of tests/vm says it covers
covers() { sed -n "/^[^#]/q; /^\$/q; s/^# covers: *//p" "tests/vm/$1"; }

# header FILE KEY: of a mutation
header() { sed -n "s/^# $2: *//p" "$1"; }

for entry in "${entries[@]}"; do
	row=$(grep "^| $entry |" "$doc" || :)
	[ -n "$row" ] && [ "$(wc -l <<<"$row")" = 1 ] || { finding "$doc: $entry is not there once"; continue; }
	[ "$(grep -o '|' <<<"$row" | wc -l)" = 8 ] || finding "$doc: $entry has not seven columns"
	grep -q 'feature absent' <<<"$row" && continue
	tests=$(cut -d'|' -f7 <<<"$row" | grep -oE '`[^`]+`' | tr -d '`' || :)
	[ -n "$tests" ] || finding "$doc: $entry names no test"
	for name in $tests; do
		case $name in
		test_*.c)	[ -f "tests/unit/$name" ] || finding "$doc: $entry: no tests/unit/$name" ;;
		tests/lint/*.sh)	[ -f "$name" ] || finding "$doc: $entry: no $name" ;;
		*)		if [ ! -f "tests/vm/$name" ]; then
					finding "$doc: $entry: no tests/vm/$name"
				elif ! grep -qw "$entry" <<<"$(covers "$name")"; then
					finding "tests/vm/$name: no \"# covers: $entry\""
				fi ;;
		esac
	done
	breaks=$(cut -d'|' -f8 <<<"$row")
	[[ $breaks =~ [^[:space:]] ]] || finding "$doc: $entry: what does it fail with?"
	for name in $(grep -oE '`[^`]+\.(patch|mainline)`' <<<"$breaks" | tr -d '`'); do
		[ -f "tests/mutations/$name" ] || finding "$doc: $entry: no tests/mutations/$name"
	done
done

for f in tests/vm/*.sh; do
	for entry in $(covers "${f##*/}"); do
		grep "^| $entry |" "$doc" | grep -qF "\`${f##*/}\`" ||
			finding "$f: covers $entry, but the row of $entry does not name it"
	done
done

for f in tests/mutations/*; do
	grep -qF "\`${f##*/}\`" "$doc" || finding "$doc: does not name ${f##*/}"
	case $f in
	*.patch)	git apply --check "$f" || finding "$f: does not apply to module/" ;;
	*.mainline)	;;
	*)		finding "$f: what is this?" ;;
	esac
	[[ $(header "$f" kernel) =~ ^(6\.1|6\.12|7\.2|7\.3)$ ]] || finding "$f: for which kernel?"
	[ -n "$(header "$f" test)" ] || finding "$f: names no test"
	for name in $(header "$f" test); do
		[ -f "tests/vm/$name.sh" ] || finding "$f: no tests/vm/$name.sh"
	done
done

# C8: a command's words are copied once, for user space can change them where they are
for f in ctrl.c iocmd.c; do
	[ "$(grep -c 'ublk_cmd_payload(' "module/$f")" = 1 ] &&
		grep -q 'memcpy(.*ublk_cmd_payload(cmd)' "module/$f" ||
		finding "module/$f: the payload of a command is not copied just once (C8)"
done
conclude
