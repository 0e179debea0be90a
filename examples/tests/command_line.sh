#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# The programs' way to fail, on a machine without the driver: exit statuses, sentences
# that name the remedy, JSON. $1 = directory of the executables.
set -u -o pipefail

bin=$1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
export UBLK_RUN_DIR=$work/run
failures=0

# expect STATUS TEXT COMMAND... : it ends with STATUS and says TEXT somewhere
expect() {
	local wanted=$1 text=$2 status=0
	shift 2
	"$@" >"$work/out" 2>&1 </dev/null || status=$?
	if [ "$status" -ne "$wanted" ] || ! grep -qF -e "$text" "$work/out"; then
		echo "FAILED: $* : status $status, wanted $wanted and \"$text\"; it said:"
		sed 's/^/	/' "$work/out"
		failures=$((failures + 1))
	fi
}

expect 2 "usage: ublk VERB" "$bin/ublk"
expect 0 "Exit status" "$bin/ublk" --help
expect 0 "ublk " "$bin/ublk" --version
expect 2 "no verb \"frobnicate\"" "$bin/ublk" frobnicate
for verb in add list info top events wait stop del recover upgrade resize quiesce features doctor up reap; do
	expect 0 "usage: ublk $verb" "$bin/ublk" "$verb" --help
	[ "$verb" = add ] || expect 0 "usage: ublk $verb" "$bin/ublk" "$verb" --help --json
done
for verb in info stop del recover upgrade up; do
	expect 2 "which device?" "$bin/ublk" "$verb"
	expect 2 "is no device id" "$bin/ublk" "$verb" x1
	expect 2 "is no device id" "$bin/ublk" "$verb" 1048576
	expect 2 "--nope" "$bin/ublk" "$verb" 1 --nope
done
expect 2 "usage: ublk wait ID STATE" "$bin/ublk" wait 3
expect 2 "is no state" "$bin/ublk" wait 3 happy
expect 2 "wants a number" "$bin/ublk" wait 3 live --timeout soon
expect 2 "behind -- comes" "$bin/ublk" recover 3 --
expect 2 "exclude each other" "$bin/ublk" stop 3 --kill --if-unused

printf 'target = loop\nfile = /a\nsupervise\n' >"$work/3.conf"
export UBLK_CONF_DIR=$work
expect 0 "$bin/ublk-loop --file=/a --supervise --id=3" "$bin/ublk" up 3 --check
expect 2 "$work/4.conf: No such file" "$bin/ublk" up 4 --check
sed -i s/loop/floppy/ "$work/3.conf"
expect 2 "no target \"floppy\"" "$bin/ublk" up 3 --check
expect 2 "what shall it be?" "$bin/ublk" add
expect 2 "no server ublk-floppy" "$bin/ublk" add floppy
expect 2 "no server ublk-../loop" "$bin/ublk" add ../loop
expect 2 "behind TYPE" "$bin/ublk" add --queues 2 loop
expect 0 "usage: ublk-loop" "$bin/ublk" add loop --help
for type in null mem loop fault; do
	expect 0 "usage: ublk-$type" "$bin/ublk-$type" --help
done

# the oracle's set-up errors are its status 2
expect 0 "usage: ublk-torture" "$bin/ublk-torture" --help
expect 2 "no option --nope" "$bin/ublk-torture" --nope
expect 2 "behind --" "$bin/ublk-torture" ublk add
expect 2 "a seed is a number" "$bin/ublk-torture" --seed x
expect 2 "--mix wants weights" "$bin/ublk-torture" --mix wrote=1
expect 2 "--bs wants" "$bin/ublk-torture" --bs 64K
expect 2 "--file goes with" "$bin/ublk-torture" --file /tmp --mode plain
expect 2 "has to bring it back" "$bin/ublk-torture" --mode off
expect 2 "goes with --judge" "$bin/ublk-torture" --device /dev/null
expect 2 "no history" "$bin/ublk-torture" --judge "$0"
expect 2 "no history" "$bin/ublk-torture" --replay "$0"
expect 2 "No such file" "$bin/ublk-torture" --judge "$work/none"
expect 1 "goes with drop" "$bin/ublk" add fault mem --size 1M --volatile --fault tear
expect 1 "wrap mem or loop" "$bin/ublk" add fault null --volatile

# top, events, upgrade
expect 2 "exclude each other" "$bin/ublk" top --json --prometheus
expect 2 "shows all devices" "$bin/ublk" top 3
expect 2 "one of id, iops, bytes, latency, flight" "$bin/ublk" top --sort size
expect 2 "is no device id" "$bin/ublk" events all
expect 2 "behind -- comes" "$bin/ublk" upgrade 3 --
expect 2 "one device at a time" "$bin/ublk" upgrade 3 4
expect 2 "1 to 1000000 seconds" "$bin/ublk" upgrade 3 --timeout 0
expect 2 "goes behind --" "$bin/ublk" upgrade 3 --force
# no verb: the list of them all
for verb in '' $("$bin/ublk" --help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
	# shellcheck disable=SC2086 # one word or none
	"$bin/ublk" $verb --help | awk 'length > 80 { exit 1 } END { if (NR > 24) exit 1 }' || {
		echo "ublk $verb --help does not fit a screen"
		failures=$((failures + 1))
	}
done

# what goes wrong in the server reaches whoever called "ublk add"
expect 2 "--file PATH is needed" "$bin/ublk" add loop
expect 1 "$work/none: cannot be opened" "$bin/ublk" add loop --file "$work/none"
: >"$work/empty"
expect 1 "is empty" "$bin/ublk" add loop --file "$work/empty"
expect 1 "neither a regular file" "$bin/ublk" add loop --file /dev/null
expect 2 "no option --size" "$bin/ublk" add loop --size 1G
expect 2 "one of off, plain, reissue, fail-io" "$bin/ublk" add null --recovery maybe
expect 2 "is no UUID" "$bin/ublk" add null --uuid 1234
expect 2 "nothing to restart for" "$bin/ublk" add null --supervise
expect 2 "no target to wrap" "$bin/ublk" add fault tape
expect 2 "want ms" "$bin/ublk" add fault null --fault delay
expect 2 '"kind": "usage"' "$bin/ublk" add loop --json
expect 2 "--file PATH is needed" "$bin/ublk-loop"
expect 2 "one operand too many" "$bin/ublk-null" more

if [ ! -e /dev/ublk-control ]; then
	for verb in list features "info 1" "stop 1" "del 1" "wait 1 live" "recover 1" top \
		"upgrade 1"; do
		# shellcheck disable=SC2086
		expect 7 "ublk doctor" "$bin/ublk" $verb
		# shellcheck disable=SC2086
		expect 7 '"kind": "no-driver"' "$bin/ublk" $verb --json
	done
	expect 1 "modprobe ublk_drv" "$bin/ublk" add null
	expect 2 "modprobe ublk_drv" "$bin/ublk-torture" --rounds 0
	expect 8 "ublk_drv" "$bin/ublk" doctor
	expect 8 '"check": "module-missing"' "$bin/ublk" doctor --json
fi

[ "$failures" -eq 0 ] || { echo "$failures failures"; exit 1; }
