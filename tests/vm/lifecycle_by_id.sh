# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: udev's rule: links by name and UUID from the first event on, for partitions too, never by a stale record
# timeout: 120
# kernels: 7.3
. "$UBLK_TESTS/vm/lib.sh"

BY_ID=/dev/disk/by-id
RULES=/run/udev/rules.d/60-ublk.rules

cleanup rm -f "$RULES"
mkdir -p "${RULES%/*}"
sed "s#\"[^\"]*/ublk_id #\"$(command -v ublk_id) #" /opt/ublk/udev/rules.d/60-ublk.rules >"$RULES"
grep -q "IMPORT{program}=\"/opt/ublk/progs/ublk_id %n\"" "$RULES" || fail "not the rule: $(cat "$RULES")"
udevadm control --reload

lead_to() { [ "$(readlink -f "$BY_ID/$1")" = "$2" ] || fail "$1 is not $2: $(ls -l "$BY_ID")"; }
links() { find "$BY_ID" -name 'ublk-*' 2>/dev/null || true; }

truncate -s 64M disk.img other.img
echo 'start=2048, size=4096' | sfdisk -q disk.img
# With no waiting in between: the record was there before the first event.
ublk add loop --file disk.img --recovery reissue --name 'my disk/1'
uuid=$(ublk info 0 --json | jq -r .uuid)
udev_settled
name='ublk-my\x20disk\x2f1'
lead_to "$name" /dev/ublkb0
lead_to "ublk-$uuid" /dev/ublkb0
lead_to "$name-part1" /dev/ublkb0p1
lead_to "ublk-$uuid-part1" /dev/ublkb0p1
[ "$(links | wc -l)" = 4 ] || fail "more links than these four: $(links)"
[ "$(udevadm info -q property -n ublkb0 | sed -n 's/^UBLK_TARGET=//p')" = loop ] || fail "no target"

# They stay while nobody serves it, and when the next one does.
kill -KILL "$(ublk info 0 --json | jq .server_pid)"
wait_state 0 QUIESCED
udev_settled
lead_to "$name" /dev/ublkb0
ublk recover 0
udev_settled
lead_to "$name" /dev/ublkb0
[ "$(links | wc -l)" = 4 ] || fail "more links than these four: $(links)"

cp /run/ublk/0 old
ublk del 0
udev_settled
[ -z "$(links)" ] || fail "links of a device that is gone: $(links)"

# The number is another device's now, and the record is the old one's.
ublk add loop --file other.img
udev_settled
cp /run/ublk/0 new
cat old >/run/ublk/0
udevadm trigger --settle --action=change /dev/ublkb0
[ -z "$(links)" ] || fail "links by another device's record: $(links)"
rm /run/ublk/0
udevadm trigger --settle --action=change /dev/ublkb0
[ -z "$(links)" ] || fail "links without a record: $(links)"
cat new >/run/ublk/0
udevadm trigger --settle --action=change /dev/ublkb0
lead_to "ublk-$(ublk info 0 --json | jq -r .uuid)" /dev/ublkb0
[ "$(links | wc -l)" = 1 ] || fail "no name was given: $(links)"
ublk del 0
udev_settled
