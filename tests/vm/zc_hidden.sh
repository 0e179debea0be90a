# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: zero copy is offered where io_uring takes the pages of a request, and nowhere else
# timeout: 90
# kernels: all
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/cli.sh"
. "$UBLK_TESTS/vm/zc.sh"

requires ublk ublk-loop jq

FLAGS=(zero-copy auto-buf-reg buf-reg-off-daemon)
ctl OK features
features=,$(answer features_names),
ctl OK add --id 0 --flags zero-copy,auto-buf-reg,get-data
ctl OK info --id 0
granted=,$(answer dev_flags_names),
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

# the library: `auto` takes the best there is, and says why it is not a better one
truncate -s 8M "$SCRATCH/zc.img"
cleanup rm -f "$SCRATCH/zc.img"
head -c 4M /dev/urandom >data
ublk add loop --file "$SCRATCH/zc.img" --id 3 --recovery reissue --data auto >add.out 2>&1 ||
	fail "$(cat add.out)"
cat add.out
if has_zero_copy; then
	grep -q 'data mode auto-registered (the best there is)' add.out || fail "$(cat add.out)"
else
	grep -q 'data mode copy (not auto-registered: the driver lacks .*AUTO_BUF_REG.*user-copy:' \
		add.out || fail "$(cat add.out)"
fi
dd if=data of=/dev/ublkb3 bs=256k oflag=direct status=none
kill -KILL "$(ublk info 3 --json | jq .server_pid)"
ublk wait 3 quiesced --timeout 30
ublk recover 3
cmp -n 4194304 data <(dd if=/dev/ublkb3 bs=1M iflag=direct status=none) || fail "the data is lost"
mode=$(ublk info 3 --json | jq -r .data)
[ "$mode" = "$(has_zero_copy && echo auto-registered || echo copy)" ] || fail "data mode $mode"
ublk del 3
# by its own name a mode is that or nothing
if ! has_zero_copy; then
	expect 1 "ZERO_COPY" ublk add loop --file "$SCRATCH/zc.img" --id 3 --data registered
fi
result "zero copy is $(has_zero_copy && echo offered || echo hidden) on $(uname -r)"
