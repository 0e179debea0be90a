# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# ./run demo: the story of tests/vm/demo.sh in a guest of its own, as it happens.

# demo_verb [--sabotage]: status 0 only if the story ended well and the guest stayed clean.
demo_verb()
{
	local t0=$SECONDS dir=$TMP/boot.demo
	head_line "ublk: a block device that outlives its server"
	build_user_space plain || die "user space does not build"
	make_root "$KERNEL" || die "$NO_ROOT"
	make_payload || die "cannot make the payload image"
	choose_accel
	head_line "booting Debian's kernel $KVER (${ACCEL[1]})"
	boot_tests "$dir" 2 "demo $(vm_timeout demo) $*"
	tail -n +1 -s 0.2 -f --pid="$GUEST" "$dir/out.log" 2>/dev/null |
		sed -u '/^@@end /d; /^RESULT: /d; s/^/   /' &
	DEMO_VIEWER=$!
	end_script "$dir" demo $((1500 * SLOW))
	wait "$DEMO_VIEWER"
	demo_result "$dir" "$SCRIPT_STATUS" $((SECONDS - t0))
}

# The last line: what the story said, unless the harness knows better.
demo_result()
{
	local dir=$1 status=$2 line
	line=$(sed -n 's/^RESULT: //p' "$dir/out.log" | tail -n 1)
	case $status in
	0 | 1 | 2)	[ -n "$line" ] || { line="FAILED: no result"; status=2; } ;;
	124 | 125)	show_console "$dir"; line="FAILED: $(status_word "$status")" ;;
	*)		line="FAILED: $(status_word "$status")" ;;
	esac
	say "${BOLD}$line${PLAIN} - in all $3 s"
	return "$status"
}
