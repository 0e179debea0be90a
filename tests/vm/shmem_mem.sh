# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: ublk-mem --shm: what fio does out of that file is not copied, the rest is; recovered, too
# timeout: 120
# kernels: all
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/cli.sh"

requires ublk ublk-mem fio jq
FILE=/dev/shm/ublk-test.shm
cleanup rm -f $FILE
unwatched_rule=/run/udev/rules.d/99-ublk-test.rules
mkdir -p "${unwatched_rule%/*}"
echo 'KERNEL=="ublkb*", OPTIONS+="nowatch"' >$unwatched_rule
cleanup udevadm control --reload
cleanup rm -f $unwatched_rule
udevadm control --reload

# load ARG..: fio writes and verifies 8M
load()
{
	bounded 100 fio --name=shm --filename=/dev/ublkb0 --direct=1 --rw=randwrite --bs=4k-64k \
		--ioengine=libaio --iodepth=8 --size=8M --verify=crc32c --verify_fatal=1 \
		--randseed=4 --minimal "$@" >fio.out || fail "fio: $(cat fio.out)"
}

# ended: the numbers of the server's last words
ended()
{
	wait_for 20 grep -q 'reads and writes were in' mem.log
	read -r in_memory all < <(sed -n 's/.*: \([0-9]*\) of \([0-9]*\) reads.*/\1 \2/p' mem.log)
	result "$in_memory of $all in $FILE"
}

note "what cannot be is said"
expect 1 "wants --shm FILE" ublk add mem --size 16M --id 0 --shm-size 1M
expect 1 "cannot open" ublk add mem --size 16M --id 0 --shm /dev/shm/nowhere
: >$FILE
expect 1 "not even a page" ublk add mem --size 16M --id 0 --shm $FILE
state_is 0 NONE || fail "a device was made"

note "I/O out of the file"
rm -f $FILE
ublk add mem --size 16M --id 0 --shm $FILE --shm-size 4M --log "$PWD/mem.log"
[ "$(stat -c %a:%s $FILE)" = 600:4194304 ] || fail "$(stat $FILE)"
load --iomem=mmapshared:$FILE
ublk del 0
ended
[ "$in_memory" -gt 200 ] && [ $((all - in_memory)) -lt 100 ] || fail "$in_memory of $all"

note "other I/O, with the page cache, too"
rm -f mem.log
ublk add mem --size 16M --id 0 --shm $FILE --shm-size 4M --log "$PWD/mem.log"
load
head -c 4M /dev/urandom >data
dd if=data of=/dev/ublkb0 bs=1M conv=fsync status=none
cmp -n 4194304 data /dev/ublkb0
ublk del 0
ended
[ "$in_memory" = 0 ] && [ "$all" -gt 100 ] || fail "$in_memory of $all"

note "restarted under load, with the same command line"
rm -f mem.log
ublk add mem --size 16M --id 0 --recovery reissue --supervise --shm $FILE --shm-size 4M \
	--log "$PWD/mem.log"
run_bg load load --iomem=mmapshared:$FILE --rate_iops=150
for _ in 1 2 3; do
	server=$(server_of 0)
	sleep 0.5
	kill -KILL "$server"
	wait_for 30 eval '[ "$(server_of 0)" != "$server" ]'
	ublk wait 0 live --timeout 30
done
wait_bg load
# it is the last server that tells of itself
load --iomem=mmapshared:$FILE
ublk del 0
ended
[ "$in_memory" -gt 50 ] || fail "$in_memory of $all"
