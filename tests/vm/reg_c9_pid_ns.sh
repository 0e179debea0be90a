# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: pids are those of who asks: a server in a pid name space, and GET_DEV_INFO in another
# covers: C9
# timeout: 100
# tier: full
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/reg.sh"

# START of a foreign process: ctrl_errnos
serve srv --id 0 --depth 4 --size 4M
info_is 0 pid "$BG_srv" || fail "outside: $(ublk-ctl info --id 0 | grep '^pid=')"
unshare --pid --fork --mount-proc ublk-ctl info --id 0 >inside.out
grep -qx 'pid=-1' inside.out || fail "inside a pid name space: $(grep '^pid=' inside.out)"
stop_ends 0
wait_bg srv

# inside it is number 1, or so; START names it by that
ctl OK add --id 0 --depth 4
ctl OK set-params --id 0 --size 4M
run_bg srv become_server srv.out unshare --pid --fork --kill-child ublk-raw-server --id 0 --no-add
saw srv '^READY id=0 pid=1 '
outer=$(ps -o pid= --ppid "$BG_srv" | tr -d ' ')
info_is 0 pid "$outer" || fail "it is $outer, GET_DEV_INFO: $(ublk-ctl info --id 0 | grep '^pid=')"
stop_ends 0
wait_bg srv
ok C9
