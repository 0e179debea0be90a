# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: zero copy is offered where io_uring takes the pages of a request, and nowhere else
# timeout: 90
# kernels: all
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/zc.sh"

FLAGS=(zero-copy auto-buf-reg buf-reg-off-daemon)
ctl OK features
features=,$(answer features_names),
ctl OK add --id 0 --flags zero-copy,auto-buf-reg,get-data
ctl OK info --id 0
granted=,$(answer flags_names),
note "features $features granted $granted"
for flag in "${FLAGS[@]}"; do
	if has_zero_copy; then
		[[ $features == *,"$flag",* ]] || fail "$flag is not in GET_FEATURES"
		[[ $granted == *,"$flag",* ]] || fail "$flag was not granted"
	else
		[[ $features != *,"$flag",* ]] || fail "$flag is in GET_FEATURES of $(uname -r)"
		[[ $granted != *,"$flag",* ]] || fail "$flag was granted on $(uname -r)"
	fi
done
# who has no buffers has nothing to be asked for
! has_zero_copy || [[ $granted != *,get-data,* ]] || fail "get-data was granted with zero copy"
ctl OK del --id 0
# mainline's answer to each command, where the device is not for it
serve srv --id 0 --depth 4 --flags no-part-scan --do stall@usr1 --do resume@usr2 --do reg@usr1
usr1 srv
saw srv '^REG other done'
grep '^REG' srv.out
! grep '^REG other' srv.out | grep -vE ' (EINVAL|done)$' || fail "not EINVAL without zero copy"
usr2 srv
stop_ends 0
wait_bg srv
result "zero copy is $(has_zero_copy && echo offered || echo hidden) on $(uname -r)"
