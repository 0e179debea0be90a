# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a server that dumps core for long is gone all the same: QUIESCED, takeover, STOP
# timeout: 120
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

# Whoever gets the core does not read it: the dump hangs in a full pipe until that one ends.
cat >taker <<TAKER
#!/bin/sh
echo \$\$ >$PWD/taker.pid
exec sleep 600
TAKER
chmod +x taker
before=$(cat /proc/sys/kernel/core_pattern)
restore() { echo "$before" >/proc/sys/kernel/core_pattern; }
cleanup restore
echo "|$PWD/taker" >/proc/sys/kernel/core_pattern

serve srv --id 0 --queues 2 --depth 4 --recovery reissue
server=${BG_PID[srv]}
kill_bg srv SEGV
wait_for 30 test -s taker.pid
cleanup kill "$(cat taker.pid)"
wait_state 0 QUIESCED
grep -q 'State:.*[DSTR]' "/proc/$server/status" || fail "the dump did not last"

serve new --id 0 --queues 2 --depth 4 --takeover
dd if=/dev/zero of=/dev/ublkb0 bs=64k count=8 oflag=direct status=none
stop_ends 0
wait_bg new
[ -d "/proc/$server/task/$server" ] || fail "the dump ended before the test did"
kill "$(cat taker.pid)"
wait_bg srv 139
