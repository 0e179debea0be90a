#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# A second compiler's opinion: clang has nothing to say about the module (W=1).
# What comes out is not to be loaded: clang 14 lacks what this kernel was built
# with (return thunks), and objtool says so; those flags and words are left out.
. "$(dirname "$0")/lint.bash"

command -v clang > /dev/null || need clang
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
module_copy "$tmp"
cat > "$tmp/cc" <<'EOF'
#!/bin/bash
args=()
for arg in "$@"; do
	case $arg in
	-mfunction-return=thunk-extern | -mharden-sls=all) ;;
	-fconserve-stack | -mrecord-mcount | -ftrivial-auto-var-init=zero) ;;
	*) args+=("$arg") ;;
	esac
done
exec clang "${args[@]}" -Wno-unknown-warning-option -Wno-unused-command-line-argument -Wno-gnu
EOF
chmod +x "$tmp/cc"

build()
{
	status=0
	make -C "$HEADERS" M="$tmp/module" CC="$tmp/cc" W=1 -j2 modules > "$tmp/log" 2>&1 ||
		status=$?
	grep -v ': objtool: ' "$tmp/log" > "$tmp/said" || :
}

build
if [ "$status" != 0 ] || grep -qE ': (warning|error):|^ERROR' "$tmp/said"; then
	sed "s,$tmp/,," "$tmp/said"
	finding "$(basename "$HEADERS"): make ended with status $status, or with warnings"
fi
[ -e "$tmp/module/ublk_drv.ko" ] || finding "no ublk_drv.ko"
# of a variable that not every way sets gcc says nothing with the kernel's flags
printf 'int doubtful(int x);\nint doubtful(int x)\n{\n\tint y;\n\n\tif (x)\n\t\ty = 1;\n\treturn y;\n}\n' \
	>> "$tmp/module/copy.c"
build
grep -q 'sometimes-uninitialized' "$tmp/said" || finding "clang sees no wrong in what is wrong"
conclude
