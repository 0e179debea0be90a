# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: ublk doctor finds what is wrong and nothing else; statuses of all verbs without a driver
# timeout: 120
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/cli.sh"
. "$UBLK_TESTS/vm/doctor.sh"

requires ublk ublk-null jq setpriv
run=${UBLK_RUN_DIR:-/run/ublk}

note "a sound host"
doctor 0 ok
ublk doctor | grep -q "of this project is loaded" || fail "$(ublk doctor)"

note "features"
ublk features --json >features.json
json features.json '[.features[].name] | index("USER_COPY") and index("RECOVERY")'
ublk features | grep -q REISSUE || fail "$(ublk features)"

note "no module: every verb says so and where to look"
rmmod ublk_drv
doctor 8 failure module-not-loaded
json doctor.json '.findings[] | select(.check == "module-not-loaded") | .remedy | startswith("modprobe")'
for verb in list features "info 0" "wait 0 live" "stop 0" "del 0" "recover 0" "resize 0 1M" \
	    "quiesce 0"; do
	# shellcheck disable=SC2086
	expect 7 "ublk doctor" ublk $verb
	# shellcheck disable=SC2086
	ublk $verb --json 2>/dev/null >error.json || true
	json error.json '.error.status == 7 and .error.kind == "no-driver"'
done
expect 1 "modprobe ublk_drv" ublk add null
load_module

note "no permission"
expect 4 "" setpriv --reuid nobody --clear-groups ublk list
setpriv --reuid nobody --clear-groups ublk doctor --json >doctor.json || true
json doctor.json '[.findings[].check] | index("control-denied") and index("no-privilege")'
expect 8 "run ublk as root" setpriv --reuid nobody --clear-groups ublk doctor

note "a limit that is reached"
echo 0 >/sys/module/ublk_drv/parameters/ublks_max
doctor 8 warning device-limit
echo 64 >/sys/module/ublk_drv/parameters/ublks_max

note "a device without a server, in each state"
ublk add null --id 0 --recovery plain
doctor 0 ok
kill -KILL "$(ublk info 0 --json | jq .server_pid)"
ublk wait 0 quiesced
doctor 8 failure no-server
json doctor.json '.findings[] | select(.check == "no-server") | .device == 0'
ublk stop 0
doctor 8 warning orphan
ublk del 0
ublk add null --id 0 --recovery plain
kill -KILL "$(ublk info 0 --json | jq .server_pid)"
ublk wait 0 quiesced
mv "$run/0" record.0
doctor 8 failure no-record
mv record.0 "$run/0"
ublk del 0
ublk add null --id 0 --recovery fail-io
kill -KILL "$(ublk info 0 --json | jq .server_pid)"
ublk wait 0 fail-io
doctor 8 failure no-server
ublk recover 0
doctor 0 ok

note "records: stale, damaged, open to others"
cp -p "$run/0" "$run/7"
doctor 8 failure record-damaged
ublk del 0
cp -p "$run/7" "$run/0"
rm "$run/7"
doctor 8 warning record-stale
chmod o+w "$run/0"
doctor 8 failure record-untrusted
rm "$run/0"
doctor 0 ok
