# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034,SC2153 # what is set here is used by the other parts
# ./run features: what `ublk features` prints on each kernel, and the table in docs that is made of it.

FEATURES=$TOP/tests/features
FEATURES_DOC=$TOP/docs/features.md

# ask_features: "feature: BIT NAME", "kernel: VERSION" from a guest with $KERNEL, in $TMP/asked
ask_features()
{
	local dir
	make_root "$KERNEL" || { warn "$NO_ROOT"; return 1; }
	choose_accel
	make_payload || return 1
	dir=$(mktemp -d "$TMP/boot.XXXXXX")
	boot_tests "$dir" 2 "ctrl_features 1000 show"
	end_script "$dir" ctrl_features 1000
	if [ "$SCRIPT_STATUS" != 0 ]; then
		warn "   the guest: $(status_word "$SCRIPT_STATUS")"
		sed 's/^/   | /' "$dir/out.log" >&2
		return 1
	fi
	tr -d '\r' <"$dir/out.log" | grep -E '^(feature|kernel): ' >"$TMP/asked"
}

features_file()
{
	say "# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later"
	say "# kernel: $(sed -n 's/^kernel: //p' "$TMP/asked")"
	say "# command: ./run features --update --kernel $KERNEL"
	sed -n 's/^feature: //p' "$TMP/asked"
}

# The table stands between two marks; the text around it is people's.
features_doc()
{
	{
		sed '/^<!-- table -->/q' "$FEATURES_DOC"
		say
		bash "$FEATURES/table.sh"
		say
		sed -n '/^<!-- end of table -->/,$p' "$FEATURES_DOC"
	} >"$TMP/doc" && cat "$TMP/doc" >"$FEATURES_DOC"
}

# ./run features [--update] [--kernel K,..]: all kernels without --kernel
features_verb()
{
	local status=0
	mkdir -p "$FEATURES"
	build_user_space plain || die "there is no ublk to ask with"
	for KERNEL in ${RUN_KERNELS:-${KERNELS[*]}}; do
		ask_features || die "$KERNEL was not asked"
		features_file >"$TMP/features"
		if [ "${COVERAGE_UPDATE:-}" != "" ]; then
			cat "$TMP/features" >"$FEATURES/$KERNEL.txt"
		elif ! diff <(sed '/^#/d' "$FEATURES/$KERNEL.txt") <(sed '/^#/d' "$TMP/features"); then
			warn "$KERNEL prints (>) other features than $FEATURES/$KERNEL.txt (<)"
			status=1
		fi
	done
	[ "${COVERAGE_UPDATE:-}" = "" ] || features_doc
	bash "$FEATURES/table.sh"
	return $status
}
