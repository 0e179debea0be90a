# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: ublk recover: good, refused, failed, and then good again
# timeout: 180
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/cli.sh"

requires ublk ublk-loop jq
run=${UBLK_RUN_DIR:-/run/ublk}
img=$SCRATCH/recover.img
head -c 16M /dev/urandom >"$img"
cleanup rm -f "$img" "$img.away"
sum=$(sha256sum <"$img")

# the server dies, and the device waits for the next one
lose_server()
{
	local pid
	pid=$(ublk info 0 --json | jq .server_pid)
	kill -KILL "$pid"
	ublk wait 0 quiesced --timeout 30 --json >wait.json
	json wait.json '.state == "QUIESCED" and (.server_alive | not)'
}

is_whole()
{
	[ "$(bounded 60 dd if=/dev/ublkb0 bs=1M iflag=direct status=none | sha256sum)" = "$sum" ] ||
		fail "the disk's contents have changed"
}

# a failed attempt: the device as it was, the record as it was
is_untouched()
{
	state_is 0 QUIESCED || fail "the device is $(state_of 0)"
	[ -e "$run/0" ] || fail "the record is gone"
}

ublk add loop --file "$img" --id 0 --queues 2 --json >add.json
uuid=$(jq -r .uuid add.json)
is_whole

note "a living server is not replaced"
expect 5 "living server" ublk recover 0
expect 3 "1" ublk recover 1

note "killed: doctor says so, recover puts it right, five times"
for _ in 1 2 3 4 5; do
	lose_server
	expect 8 "ublk recover 0" ublk doctor
	ublk recover 0 --json >recover.json
	json recover.json ".state == \"LIVE\" and .uuid == \"$uuid\" and .server_alive"
	is_whole
done

note "what was waiting is done, not failed"
lose_server
run_bg reader dd if=/dev/ublkb0 of=read.out bs=1M count=4 iflag=direct status=none
wait_for 10 grep -q "parked_now: *[1-9]" /sys/kernel/debug/ublk/0/counters
ublk recover 0
wait_bg reader
cmp -n 4194304 read.out "$img"

note "the backing is away: refused, nothing changed, good when it is back"
lose_server
mv "$img" "$img.away"
expect 1 "cannot be opened" ublk recover 0
is_untouched
expect 1 "cannot be opened" ublk recover 0
truncate -s 1M "$img"
expect 1 "" ublk recover 0 --json
grep -q '"kind": "failed"' expect.out || fail "no JSON error: $(cat expect.out)"
is_untouched
mv "$img.away" "$img"
ublk recover 0
is_whole

note "another file of that name: refused, though it would fit, unless one insists"
lose_server
mv "$img" "$img.away"
cp "$img.away" "$img"
expect 5 "another backing" ublk recover 0
is_untouched
expect 5 "another backing" ublk recover 0 --json -- ublk-loop --file "$img"
is_untouched
ublk recover 0 --force
is_whole
jq -e '.argv | index("--force") | not' "$run/0" >/dev/null || fail "the record insists, too"
rm "$img.away"
lose_server
ublk recover 0
is_whole

note "somebody else has the backing: the fence is not passed"
lose_server
exec 9<"$img"
flock 9
expect 5 "locked" ublk recover 0 -- ublk-loop --file "$img" --fence-timeout 500
is_untouched
flock -u 9
exec 9<&-
ublk recover 0
is_whole

note "a record that others could have written is not believed"
lose_server
chmod 666 "$run/0"
expect 4 "ublk recover 0 -- COMMAND" ublk recover 0
expect 8 "could have been written by others" ublk doctor
chmod 644 "$run/0"
chown nobody "$run/0"
expect 4 "ublk recover 0 -- COMMAND" ublk recover 0
chown root "$run/0"
chmod 777 "$run"
expect 4 "ublk recover 0 -- COMMAND" ublk recover 0
chmod 755 "$run"
chown nobody "$run"
expect 4 "ublk recover 0 -- COMMAND" ublk recover 0
chown root "$run"
cp "$run/0" record
head -c 20 record >"$run/0"
expect 1 "ublk recover 0 -- COMMAND" ublk recover 0
expect 8 "cannot be read" ublk doctor
rm "$run/0"
expect 1 "no record" ublk recover 0
state_is 0 QUIESCED || fail "the device is $(state_of 0)"

note "without a record: only who knows the UUID gets it"
expect 5 "UUID" ublk recover 0 -- ublk-loop --file "$img"
expect 2 "full path" ublk recover 0 -- ./ublk-loop --file "$img"
state_is 0 QUIESCED || fail "the device is $(state_of 0)"
ublk recover 0 --json -- ublk-loop --file "$img" --uuid "$uuid" >recover.json
json recover.json ".state == \"LIVE\" and .uuid == \"$uuid\" and .record == \"good\""
is_whole

ublk del 0
[ "$(sha256sum <"$img")" = "$sum" ] || fail "the file has changed"
