# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: each allocation and copy of ADD, the small commands and DEL fails once: an error, or it works
# timeout: 600
# only: kasan
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/fault.sh"

# An ADD that says no leaves nothing behind, not even the id.
faulty_add()
{
	faulty "$1" add --id 0 --queues 2 --depth 8
	[ "$ERRNO" = OK ] || ctl ENODEV info --id 0
	[ "$ERRNO" = OK ] || ctl OK add --id 0
	ctl OK del --id 0
}

faulty_command()
{
	faulty "$@" --id 0
	ctl OK info --id 0
}

faulty_del()
{
	ctl OK add --id 1
	faulty "$1" "$2" --id 1
	ctl any del --id 1
	ctl ENODEV info --id 1
	ctl OK info --id 0
}

each_fault faulty_add
ctl OK add --id 0 --queues 2 --depth 8
each_fault faulty_command features
each_fault faulty_command info
each_fault faulty_command affinity --queue 1
each_fault faulty_command set-params
each_fault faulty_command get-params
each_fault faulty_command info2 --path /dev/ublkc0
each_fault faulty_command stop
each_fault faulty_del del
each_fault faulty_del del-async
ctl OK del --id 0
result "$FAULTS allocations and copies failed"
