# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2001 # sed is the plain way to indent
# The stages that need no guest, the counting of results, the closing lines.

PASSED=0 FAILED=0 SKIPPED=0
RESULTS=()
STAGES=()
NOT_RUN=	# what this run left out, in words
MATRIX=()	# kernels that were booted
LABEL=		# of the kernel that is being tested: `@7.3`; none for 6.1

# count passed|failed|skipped NAME SECONDS [REASON]
count()
{
	local colour line
	case $1 in
	passed)		PASSED=$((PASSED + 1)) colour=$GREEN ;;
	failed)		FAILED=$((FAILED + 1)) colour=$RED ;;
	skipped)	SKIPPED=$((SKIPPED + 1)) colour=$YELLOW ;;
	esac
	line=$(printf '%-8s %-36s %5s s  %s' "$1" "$2" "$3" "${4:-}")
	RESULTS+=("$line")
	printf '%s%s%s\n' "$colour" "$line" "$PLAIN"
}

# result_lines NAME: what a script measured, said again at the end.
result_lines()
{
	local line
	while IFS= read -r line; do
		line="         ${LABEL:+$1$LABEL: }${line#result: }"
		RESULTS+=("$line")
		[ -n "$LIVE" ] || say "$line"
	done
}

# stage NAME FUNCTION ARG..: run it and remember how long it took.
stage()
{
	local name=$1 t0=$SECONDS
	shift
	head_line "$name"
	"$@"
	STAGES+=("$(printf '%-8s %3d min %02d s' "$name" $(((SECONDS - t0) / 60)) \
		$(((SECONDS - t0) % 60)))")
}

join_words()
{
	local IFS=,
	say "$*" | sed 's/,/, /g'
}

summary()
{
	head_line "results"
	printf '%s\n' "${RESULTS[@]}"
	head_line "time per stage"
	printf '%s\n' "${STAGES[@]}"
	[ ${#MATRIX[@]} = 0 ] || say "kernels booted: $(join_words "${MATRIX[@]}")"
	[ -z "$NOT_RUN" ] || say "not run: $NOT_RUN"
	say "$PASSED passed, $FAILED failed, $SKIPPED skipped"
	[ "$FAILED" = 0 ] && [ $((PASSED + SKIPPED)) -gt 0 ]
}

# The build counts as a test: a part that does not compile is a failure, but what did compile
# is still tested.
build_stage()
{
	local t0=$SECONDS
	if build_user_space plain; then
		count passed build $((SECONDS - t0))
	else
		count failed build $((SECONDS - t0)) "user space does not build"
	fi
}

LINT_PACKAGES=(shellcheck sparse clang clang-tidy cppcheck make gcc linux-headers-cloud-amd64)

lint_stage()
{
	local f name t0 status output
	need_packages "${LINT_PACKAGES[@]}" "${BUILD_PACKAGES[@]}"
	for f in "$TOP"/tests/lint/*.sh; do
		[ -x "$f" ] || continue
		name=lint_$(basename "$f" .sh)
		t0=$SECONDS status=0
		output=$(cd "$TOP" && bash "$f" 2>&1 </dev/null) || status=$?
		case $status in
		0)	count passed "$name" $((SECONDS - t0)) ;;
		77)	count skipped "$name" $((SECONDS - t0)) "$(tail -n 1 <<<"$output")" ;;
		*)	count failed "$name" $((SECONDS - t0)) "status $status"
			sed 's/^/   | /' <<<"$output" ;;
		esac
	done
}

# unit_tests NAME SANITIZE [CTEST OPTION..]: each test of ctest counts one, as NAME_*; a warning of
# the compiler is a failure.
unit_tests()
{
	# BUILD of its own: guests get the plain build, a sanitizer makes other programs of them.
	local name=$1 sanitize=$2 log=$TMP/ctest.$1.log t0=$SECONDS line n=0 fixed=() BUILD
	shift 2
	if ! build_user_space "sanitize-$sanitize" -DUBLK_SANITIZE="$sanitize" -DUBLK_WERROR=ON; then
		count failed "${name}_build" $((SECONDS - t0)) \
			"does not build with -DUBLK_SANITIZE=$sanitize"
	fi
	# ThreadSanitizer of gcc 12 cannot live with the addresses that newer kernels may choose.
	[ "$sanitize" != thread ] || ! setarch -R true 2>/dev/null || fixed=(setarch -R)
	"${fixed[@]}" ctest --test-dir "$BUILD" --output-on-failure "$@" >"$log" 2>&1 </dev/null
	while IFS= read -r line; do
		[[ $line =~ Test\ +#[0-9]+:\ (unit_)?([^ ]+)\ [.]*\ *(.*[^ ])\ +([0-9.]+)\ sec ]] || continue
		n=$((n + 1))
		case ${BASH_REMATCH[3]} in
		Passed)		count passed "${name}_${BASH_REMATCH[2]}" "${BASH_REMATCH[4]}" ;;
		*Skipped*)	count skipped "${name}_${BASH_REMATCH[2]}" "${BASH_REMATCH[4]}" ;;
		*)		count failed "${name}_${BASH_REMATCH[2]}" "${BASH_REMATCH[4]}" \
					"${BASH_REMATCH[3]}" ;;
		esac
	done <"$log"
	if [ "$n" = 0 ]; then
		count failed "$name" 0 "ctest ran no test"
	fi
	! grep -qE '\*\*\*|tests failed|No tests' "$log" || sed 's/^/   | /' "$log"
}

# All under ASan and UBSan, those with threads under TSan, too.
unit_stage()
{
	unit_tests unit ON
	BUILD_TARGET=threads unit_tests tsan thread -L threads
}
