# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: metadata are offered where the block layer has them whole, and nowhere else
# timeout: 60
# kernels: all
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/cli.sh"
. "$UBLK_TESTS/vm/integrity.sh"

requires ublk ublk-loop

ctl OK features
features=,$(answer features_names),
ctl OK add --id 0 --flags user-copy,integrity
ctl OK info --id 0
granted=,$(answer dev_flags_names),
PARAMS_OF=(--types 65 --size 8M --param metadata_size=8 --param csum_type=2 --param interval_exp=9)
if has_integrity; then
	[[ $features == *,integrity,* ]] || fail "integrity is not in GET_FEATURES"
	[[ $granted == *,integrity,* ]] || fail "integrity was not granted"
	ctl OK set-params --id 0 "${PARAMS_OF[@]}"
	ctl OK del --id 0
	# and it is there: a tuple that is not the block's is found
	serve srv --id 0 --depth 4 --size 8M --file "$PWD/f" --mode user-copy --meta 2:8:0:9:3
	head -c 64K /dev/urandom | dd of=/dev/ublkb0 bs=64k oflag=direct status=none
	read_4k /dev/ublkb0 5
	flip f.meta $((44 * 8 + 7))
	unreadable /dev/ublkb0 5
	stop_ends 0
	wait_bg srv
else
	[[ $features != *,integrity,* ]] || fail "integrity is in GET_FEATURES of $(uname -r)"
	[[ $granted != *,integrity,* ]] || fail "integrity was granted on $(uname -r)"
	ctl EINVAL set-params --id 0 "${PARAMS_OF[@]}"
	ctl OK del --id 0
	# asked for without user copy: a bit that means nothing here
	ctl OK add --id 0 --flags integrity
	ctl OK del --id 0
	truncate -s 8M img
	expect 1 INTEGRITY ublk add loop --file "$PWD/img" --integrity "$PWD/tuples" --id 0
	ctl ENODEV info --id 0
fi
result "integrity is $(has_integrity && echo offered || echo hidden) on $(uname -r)"
