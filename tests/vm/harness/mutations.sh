# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# ./run test mutations: every patch of tests/mutations breaks our module in one place, and the test
# named in it has to notice; a file NAME.mainline names tests that the kernel's own module has to
# fail. One build tree for all of a kernel, and as few boots as they allow.

MUTATIONS=$TOP/tests/mutations
MUTANT_ARGS=(slub_debug=FZP)	# what is used after it was freed shows

# A name is that of a patch without its .patch, or NAME.mainline.
mutation_file() { case $1 in *.mainline) say "$MUTATIONS/$1" ;; *) say "$MUTATIONS/$1.patch" ;; esac; }
mutation_header() { sed -n "s/^# $2: *//p" "$(mutation_file "$1")" | head -n 1; }

# mutations_of KERNEL NAME..: the names of those that are for it (of these names, if any is given)
mutations_of()
{
	local kernel=$1 f name
	shift
	for f in "$MUTATIONS"/*.patch "$MUTATIONS"/*.mainline; do
		[ -f "$f" ] || continue
		name=$(basename "$f" .patch)
		[ "$(mutation_header "$name" kernel)" = "$kernel" ] || continue
		case " $* " in
		*" $name "* | "  ")	say "$name" ;;
		esac
	done
}

# build_mutants OUT NAME..: in the root that make_base made; OUT/NAME.ko, or OUT/NAME.log if it
# does not build
build_mutants()
{
	local out=$1 name dir=$TMP/mutants
	shift
	mkdir -p "$out" "$dir"
	copy_module_source "$dir/source"
	for name in "$@"; do
		cp "$MUTATIONS/$name.patch" "$dir/"
	done
	as_root bash "$HARNESS/mkmutants.sh" apart "$BASE" "$dir" "$out" "$TMP/mutants-work" &&
		as_root chown -R "$(id -u):$(id -g)" "$out"
}

# make_mutants KERNEL DIR: the modules of all mutations for that kernel, DIR/NAME.ko; each is kept
make_mutants()
{
	local kernel=$1 dir=$2 name tree missing=()
	local -A key=()
	make_base "$kernel" || return 1
	rm -rf "$TMP/module" "$TMP/mutants" "$TMP/built"
	copy_module_source "$TMP/module" || return 1
	tree=$({
		basename "$BASE"
		tree_hash "$TMP/module"
		cat "$HARNESS/mkmutants.sh"
	} | hash_text)
	mkdir -p "$dir" "$CACHE/mutants/$tree"
	for name in $(mutations_of "$kernel"); do
		[[ $name != *.mainline ]] || continue
		key[$name]=$CACHE/mutants/$tree/$(grep -v '^# ' "$MUTATIONS/$name.patch" | hash_text)
		[ -e "${key[$name]}" ] || missing+=("$name")
	done
	if [ ${#missing[@]} -gt 0 ]; then
		progress "${#missing[@]} mutants of the module for $KVER" \
			build_mutants "$TMP/built" "${missing[@]}" || return 1
		as_root rm -rf -- "$TMP/mutants"
		for name in "${missing[@]}"; do
			[ ! -e "$TMP/built/$name.ko" ] || mv "$TMP/built/$name.ko" "${key[$name]}"
		done
	fi
	: >"$CACHE/used/mutants-$tree"
	for name in "${!key[@]}"; do
		[ ! -e "${key[$name]}" ] || cp "${key[$name]}" "$dir/$name.ko"
	done
	cache_prune mutants 4
}

# judge_mutant NAME TEST STATUS SECONDS OUTPUT
judge_mutant()
{
	local name=$1 test=$2 status=$3 why
	why=$(sed -n '/^---/q; /^# [A-Za-z-]*: /d; s/^# //p' "$(mutation_file "$name")")
	case $status in
	0)	count failed "mutant_$name$LABEL" "$4" "$test does not notice: $why" ;;
	77)	count failed "mutant_$name$LABEL" "$4" "$test was skipped: $(tail -n 1 <<<"$5")" ;;
	*)	count passed "mutant_$name$LABEL" "$4" "$test: $(status_word "$status")"
		grep -m 1 -E '^FAILED|BUG|WARNING|Oops|leaves|left behind' <<<"$5" | cut -c1-110 |
			sed 's/^/         /'
		;;
	esac
	[ -z "$KEEP" ] || tail -n 40 <<<"$5" | sed 's/^/   | /'
}

# mutant_timeout "NAME TEST": the test's, unless the mutation is known to hang it
mutant_timeout()
{
	local seconds
	seconds=$(mutation_header "${1% *}" seconds)
	say "${seconds:-$(vm_timeout "${1#* }")}"
}

# mutants_boot KERNEL "NAME TEST"..: one guest; sets MUTANTS_LEFT
mutants_boot()
{
	local kernel=$1 dir lines=() pair n=0 status seconds next limit beat done=
	shift
	dir=$(mktemp -d "$TMP/boot.XXXXXX")
	for pair in "$@"; do
		lines+=("mutant $(mutant_timeout "$pair") $kernel $pair")
	done
	boot_tests "$dir" 2 "${lines[@]}"
	MUTANTS_LEFT=("$@")
	while [ -z "$done" ] && [ ${#MUTANTS_LEFT[@]} -gt 0 ]; do
		pair=${MUTANTS_LEFT[0]} beat=$SECONDS
		limit=$(($(mutant_timeout "$pair") + 300))
		n=$((n + 1))
		while guest_runs && [ $((SECONDS - beat)) -lt "$limit" ] &&
			[ "$(grep -c '^end ' "$dir/status.log")" -lt "$n" ]; do
			sleep 0.5
		done
		if read -r _ _ status seconds next < <(grep '^end ' "$dir/status.log" |
			sed -n "${n}p"); then
			[ "$next" = ok ] || done=1
		elif [ "$(grep -c '^begin ' "$dir/status.log")" -ge "$n" ]; then
			# it took the guest along
			status=125 seconds=$((SECONDS - beat)) done=1
			! guest_runs || status=124
		else
			# the guest died before it began, of what the one before had broken
			done=1
			[ "$n" -gt 1 ] || { count failed "mutants$LABEL" 0 "the guest does not boot";
				MUTANTS_LEFT=(); }
			break
		fi
		sleep 0.5
		judge_mutant "${pair% *}" "${pair#* }" "$status" "$seconds" \
			"$(awk -v n="$n" '/^@@end / { i++; next } i + 1 == n' "$dir/out.log"
			[ "$status" != 125 ] || kills_why "$dir")"
		MUTANTS_LEFT=("${MUTANTS_LEFT[@]:1}")
	done
	end_guest "$dir"
	[ -n "$KEEP" ] || rm -rf "$dir"
}

# mutants_run KERNEL NAME..
mutants_run()
{
	local kernel=$1 name test pairs=()
	shift
	LABEL=@$kernel
	make_root "$kernel" || { count failed "mutants$LABEL" 0 "$NO_ROOT"; return; }
	choose_accel
	for name in "$@"; do
		if [[ $name != *.mainline ]] && [ ! -e "$TMP/payload/mutants/$kernel/$name.ko" ]; then
			count failed "mutant_$name$LABEL" 0 "does not apply, or does not build"
			continue
		fi
		for test in $(mutation_header "$name" test); do
			pairs+=("$name $test")
		done
	done
	while [ ${#pairs[@]} -gt 0 ]; do
		mutants_boot "$kernel" "${pairs[@]}"
		pairs=("${MUTANTS_LEFT[@]}")
	done
}

# mutations_stage NAME..: of tests/mutations, or all
mutations_stage()
{
	local kernel names
	local -A chosen=()
	# not for the stages that follow
	local KERNEL_ARGS=("${KERNEL_ARGS[@]}" "${MUTANT_ARGS[@]}")
	need_packages patch
	build_user_space plain || { count failed build 0 "user space does not build"; return; }
	rm -rf "$TMP/payload" "$TMP/payload.img"
	for kernel in "${KERNELS[@]}"; do
		mapfile -t names < <(mutations_of "$kernel" "$@")
		[ ${#names[@]} -gt 0 ] || continue
		chosen[$kernel]=${names[*]}
		make_mutants "$kernel" "$TMP/payload/mutants/$kernel" || {
			count failed "mutants@$kernel" 0 "they cannot be built"
			unset "chosen[$kernel]"
		}
	done
	[ ${#chosen[@]} -gt 0 ] || { count failed mutations 0 "nothing to run"; return; }
	make_payload || die "cannot make the payload image"
	for kernel in "${KERNELS[@]}"; do
		# Names have no blanks in them.
		# shellcheck disable=SC2086
		[ -z "${chosen[$kernel]:-}" ] || mutants_run "$kernel" ${chosen[$kernel]}
	done
}
