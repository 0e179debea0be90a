#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# The manual: every exported function, module parameter and tracepoint is in it, and man and mandoc
# have nothing to say about a page.  Verbs and options: examples/tests/manual.sh.
. "$(dirname "$0")/lint.bash"

for package in man-db groff-base mandoc; do
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
		need man-db groff-base mandoc
done
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"$/\1/p' dkms.conf)
sh docs/man/make.sh "$out" "$version" 2>"$out/says" || finding "docs/man/make.sh: $(cat "$out/says")"
pages=$(find "$out" -name '*.[1-8]' -size +0 ! -exec grep -q '^\.so ' {} \; -print)
[ "$(wc -l <<<"$pages")" -ge 20 ] || finding "only $(wc -l <<<"$pages") pages"

while read -r function; do
	page=$(sed -n 's/^\.so //p' "$out/man3/$function.3" 2>/dev/null || :)
	[ -n "$page" ] && grep -qF "$function" "$out/$page" || finding "no page for $function()"
done < <(sed -n 's/^\t\(ublk_[a-z_0-9]*\);$/\1/p' lib/libublk.map)

# module_param_named has the name that the user knows first.
while read -r parameter; do
	grep -qE "^\.B $parameter\$" docs/man/ublk_drv.4 || finding "ublk_drv.4: no $parameter"
done < <(sed -n 's/^module_param\(_named\)\?(\([a-z_]*\),.*/\2/p' module/*.c)
while read -r event; do
	grep -qw "$event" docs/man/ublk_drv.4 || finding "ublk_drv.4: no tracepoint $event"
done < <(sed -nE 's/^(TRACE_EVENT\(|DEFINE_EVENT\([a-z_]*, *)([a-z_]*),.*/\2/p' module/trace.h)
while read -r key; do
	grep -qE "\\b$key\\b" docs/man/ublk_drv.4 || finding "ublk_drv.4: no counter $key"
done < <(sed -n '/^static int ublk_counters_show/,/^}/s/.*seq_printf(m, "\([a-z_]*\):.*/\1/p' \
	module/debugfs.c)

for page in $pages; do
	name=${page#"$out"/}
	man --warnings -E UTF-8 -l "$page" >/dev/null 2>"$out/says" || finding "$name: man fails"
	while IFS= read -r line; do
		finding "$name: $line"
	done <"$out/says"
	# What the date and the order of sections should be like is taste, and so are long lines.
	while IFS= read -r line; do
		finding "${line#mandoc: }"
	done < <(mandoc -T lint -W warning "$page" 2>&1 | sed "s#$out/##" |
		grep -vE 'cannot parse date|referenced manual not found' || :)
done
conclude
