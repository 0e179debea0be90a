# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: ublk events tells each change in order; ublk wait sleeps until one, also without any
# timeout: 120
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/cli.sh"

requires ublk ublk-null jq unshare
listen() { exec ublk events "$@" 2>listening; }
# switches PID: how often it went to sleep by itself.
switches() { awk '/^voluntary/ { print $2 }' "/proc/$1/status"; }

note "the life of a device, as it is told"
run_bg all listen --json >all.json
run_bg one listen 0 --count 5 >one.txt
wait_for 20 grep -q listening listening
sleep 0.5
ublk add null --id 0 --recovery plain >/dev/null
ublk add null --id 1 --recovery fail-io >/dev/null
kill -KILL "$(server_of 0)"
ublk wait 0 quiesced --timeout 30
kill -KILL "$(ublk info 1 --json | jq .server_pid)"
ublk wait 1 fail-io --timeout 30
ublk recover 0 >/dev/null
ublk stop 0
ublk del 0
ublk del 1
wait_for 20 eval '[ "$(jq -r "select(.event == \"removed\").id" all.json | wc -l)" = 2 ]'
kill -INT "$BG_all"
wait_bg all
wait_bg one
states() { jq -r "select(.id == $1) | if .event == \"state\" then .state else .event end" all.json | xargs; }
[ "$(states 0)" = "added LIVE QUIESCED LIVE DEAD removed" ] || fail "$(states 0)"
[ "$(states 1)" = "added LIVE FAIL_IO DEAD removed" ] || fail "$(states 1)"
[ "$(awk '{ print $NF }' one.txt | xargs)" = "DEAD LIVE QUIESCED LIVE DEAD" ] || fail "$(cat one.txt)"
expect 6 "have not come" ublk events --count 1 --timeout 1

note "a wait that sleeps: no look until there is news"
ublk add null --id 0 --recovery plain >/dev/null
run_bg waiter ublk wait 0 quiesced --timeout 100 --json >waited.json
sleep 2
before=$(switches "$BG_waiter")
sleep 4
after=$(switches "$BG_waiter")
[ $((after - before)) -le 4 ] || fail "it woke $((after - before)) times in 4 s: it polls"
result "wake-ups of a waiter in 4 s: $((after - before))"
kill -KILL "$(server_of 0)"
wait_bg waiter
json waited.json '.state == "QUIESCED"'

note "a state that does not come"
expect 6 "did not become LIVE" ublk wait 0 live --timeout 2

note "a network namespace of the first user namespace hears them, one of another does not: it looks"
ublk recover 0 >/dev/null
run_bg near unshare --net ublk wait 0 quiesced --timeout 60
run_bg far unshare --user --map-root-user --net ublk events --count 1
wait_bg far 1
sleep 1
kill -KILL "$(server_of 0)"
wait_bg near
ublk wait 0 quiesced --timeout 0

note "gone, while somebody still has the disk open: there is no event for that"
ublk recover 0 >/dev/null
exec 7</dev/ublkb0
without_7() { exec "$@" 7<&-; }
run_bg gone without_7 ublk wait 0 gone --timeout 60
run_bg del without_7 ublk del 0
sleep 2
exec 7<&-
wait_bg gone
wait_bg del
