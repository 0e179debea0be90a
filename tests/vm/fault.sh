# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# Allocations and copies that fail. Sourced after raw.sh, on kernels with fault injection.

FAULTS=0	# how many things were made to fail
HIT=0		# did the last one?

# Without a word: what each failure would print is no finding.
for name in failslab fail_page_alloc fail_usercopy; do
	[ -d "/sys/kernel/debug/$name" ] || skip "this kernel has no $name"
	echo 0 >"/sys/kernel/debug/$name/verbose"
done
# Also those that may sleep, which is most.
echo N >/sys/kernel/debug/failslab/ignore-gfp-wait
echo N >/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait
echo N >/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem
echo 0 >/sys/kernel/debug/fail_page_alloc/min-order
# What Linux itself has to say when an allocation of its own fails is no finding either.
cat >expected.log <<'END'
kobject_add_internal failed for .*error: -12
warn_alloc|page allocation failure|vmalloc error
END

# each_fault FUNCTION ARG..: call it with N before the arguments, for more and more N, until what it
# does ends before the N-th allocation or copy. It sets HIT.
each_fault()
{
	local what=$1 n=1 missed=0 hits=0
	shift
	while [ "$missed" -lt 2 ] && [ "$n" -le 400 ]; do
		HIT=0
		"$what" "$n" "$@"
		if [ "$HIT" = 1 ]; then
			missed=0 hits=$((hits + 1))
		else
			missed=$((missed + 1))
		fi
		# the first ones all, and then fewer and fewer
		n=$((n + 1 + n / 8))
	done
	[ "$hits" -gt 0 ] || fail "$what $*: nothing was ever made to fail"
	FAULTS=$((FAULTS + hits))
	note "$what $*: $hits failures, the last tried was number $n"
}

# A fault may end in no error at all, or in one that says so.
is_honest()
{
	case $1 in
	OK | ENOMEM | EFAULT | EAGAIN | EINTR)	return 0 ;;
	esac
	return 1
}

# faulty N VERB ARG..: a command whose N-th allocation or copy fails; sets HIT and ERRNO
faulty()
{
	local n=$1 status=0
	shift
	ublk-ctl "$@" --fail-nth "$n" >faulty.out 2>&1 || status=$?
	[ "$status" -le 1 ] || { cat faulty.out; fail "ublk-ctl $*: status $status"; }
	HIT=$(sed -n 's/^fault=//p' faulty.out)
	ERRNO=$(sed -n 's/^errno=//p' faulty.out)
	is_honest "$ERRNO" || fail "ublk-ctl $*, fault $n: $ERRNO"
}

# server_ends NAME: a raw server that met a fault: what it said of it sets HIT. It may have died of it.
server_ends()
{
	local name=$1
	wait_bg "$name" any
	HIT=1
	! has_line "$name" '^FAULT .* hit=0' || HIT=0
}
