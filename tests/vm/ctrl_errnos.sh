# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: every control command's errnos, state by state
# covers: B9 C3 C7 C9
# timeout: 150
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

# What is wrong with a command whatever the state of the device is input_bad's.
any_state()
{
	ctl EEXIST add --id 0
	ctl EINVAL add --id -1 --queue-id 0
	ctl EINVAL add --id -1 --depth 0
	ctl EINVAL add --id -1 --depth 4097
	ctl EINVAL add --id -1 --queues 0
	ctl EINVAL add --id -1 --flags reissue
	ctl EINVAL add --id -1 --flags recovery,reissue,fail-io
	ctl EINVAL add --id 1048576
	ctl EINVAL info --id 0 --len 63
	ctl EFAULT info --id 0 --addr 4096
	ctl EINVAL info2 --id 0
	ctl EPERM info2 --id 0 --path /dev/null
	ctl EINVAL affinity --id 0 --queue 77
	ctl EINVAL get-params --id 0 --len 8
	ctl EINVAL features --len 7
	ctl EINVAL start --id 0 --pid 0
	ctl EOPNOTSUPP raw --id 0 --raw-op 0xc0207530
	ctl EOPNOTSUPP raw --id 0 --raw-op 0xc0207818
	ctl EOPNOTSUPP raw --id 0 --raw-op 0xc0207518
	ctl ENODEV info --id 77
}

# nobody has it, no parameters
ctl OK add --id 0 --flags recovery,reissue
any_state
ctl EINVAL start --id 0 --pid $$ --timeout 20
ctl EINVAL set-params --id 0 --types 2
ctl EINVAL set-params --id 0 --types 5
ctl EBUSY start-recovery --id 0
ctl EBUSY end-recovery --id 0 --pid $$
ctl ENODEV update-size --id 0 --sectors 8
ctl ENODEV try-stop --id 0
ctl EOPNOTSUPP quiesce --id 0
ctl OK stop --id 0

# parameters, then a server that has not fetched all
ctl OK set-params --id 0 --size 16M
serve_until '^FETCHED' srv --id 0 --no-add --no-start --fetch-only 3
any_state
status=0
ublk-ctl start --id 0 --pid "$BG_srv" --timeout 1 >start.out || status=$?
[ "$status" = 124 ] && grep -q '^errno=EINTR' start.out || fail "START: $status $(cat start.out)"
kill_server srv

# served
serve_until '^FETCHED' srv --id 0 --no-add --no-start
ctl EINVAL start --id 0 --pid $$ --timeout 20
ctl OK start --id 0 --pid "$BG_srv"
any_state
ctl EEXIST start --id 0 --pid "$BG_srv"
ctl EACCES set-params --id 0
ctl EBUSY start-recovery --id 0
ctl EBUSY end-recovery --id 0 --pid "$BG_srv"
ctl EOPNOTSUPP quiesce --id 0
exec 5</dev/ublkb0
ctl EBUSY try-stop --id 0
exec 5>&-

# nobody serves
kill_server srv
wait_state 0 QUIESCED
any_state
ctl EEXIST start --id 0 --pid $$ --timeout 20
ctl EACCES set-params --id 0
ctl OK start-recovery --id 0
ctl OK update-size --id 0 --sectors 65536
stop_ends 0

# recovery off, and asked for
ctl OK add --id 0
ctl EINVAL start-recovery --id 0
ctl EINVAL end-recovery --id 0 --pid $$
ctl OK del --id 0
ctl ENODEV del --id 0
ctl ENODEV del-async --id 0
ctl ENODEV stop --id 0
ctl ENODEV start --id 0 --pid $$

# only the administrator: without CAP_SYS_ADMIN nothing but GET_FEATURES
chmod 666 /dev/ublk-control
status=0
setpriv --reuid 65534 --regid 65534 --clear-groups "$(command -v ublk-ctl)" add --id 0 >add.out ||
	status=$?
[ "$status" = 1 ] && grep -q '^errno=EPERM' add.out || fail "ADD without right: $(cat add.out)"
