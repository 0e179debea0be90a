# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: shared memory: each errno, what matches and what not, no copy, UNREG under a hung server
# covers: B17
# timeout: 120
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/shmem.sh"

# without the flag
ctl OK add --id 0
ctl EOPNOTSUPP raw --id 0 --raw-op 0xc0207518
ctl EOPNOTSUPP raw --id 0 --raw-op 0xc0207519
ctl OK del --id 0

# each errno, on a device that nobody has
shared a.shm 4M
ctl OK add --id 0 --flags shmem-zc
info_has_shmem 0 || fail "the flag is not granted"
ublk-shm errnos --id 0 --file a.shm >errnos.out || fail "$(cat errnos.out)"
diff errnos.out - <<-END || fail "errnos"
	all-of-it OK
	short-header EINVAL
	no-address EINVAL
	bad-address EFAULT
	flag-2 EINVAL
	reserved EINVAL
	len-0 EINVAL
	len-odd EINVAL
	addr-odd EINVAL
	above-4G EINVAL
	unmapped EFAULT
	kernel EFAULT
	hole EFAULT
	before-hole OK
	read-only-mapping EFAULT
	read-only OK
	page-twice EEXIST
	reg OK
	same EEXIST
	overlap-behind EEXIST
	read-only-overlap EEXIST
	beside OK
	unreg-none ENOENT
	unreg-beyond EINVAL
	unreg-huge EINVAL
	unreg OK
	unreg-again ENOENT
	same-after-unreg OK
	above-limit-with-capability OK
	above-limit ENOMEM
	within-limit OK
	within-limit-again OK
	within-limit-kept OK
	above-limit-together ENOMEM
	unreg-kept OK
	within-limit-at-last OK
	done
END
pinned 0 0
# buffers that nobody unregisters go with the device
ublk-shm reg --id 0 --file a.shm >/dev/null
pinned 0 1024
ctl OK del --id 0

# places: what matches, and what does not
places()
{
	# one buffer, from its start, its middle, its end; not page aligned
	io_matches 1 a.shm 0
	io_matches 1 a.shm 0x7f000
	io_matches 1 a.shm 0x3ff000
	io_matches 1 a.shm 512 --len 1024
	io_matches 1 a.shm 0x1e00 --len 2048
	io_matches 1 a.shm 0x10000 --len 256K
	# two pieces, of which the second follows the first
	io_matches 1 a.shm 0x1000:0x1000,0x2000:0x3000 --len 16K
	# two that do not, or the other way around, or are not all of it
	io_matches 0 a.shm 0x1000:0x1000,0x3000:0x1000 --len 8K
	io_matches 0 a.shm 0x2000:0x1000,0x1000:0x1000 --len 8K
	io_matches 0 a.shm private
	io_matches 0 a.shm private:0x1000,0x1000:0x1000 --len 8K
	io_matches 0 a.shm 0x1000:0x1000,private:0x1000 --len 8K
	# read only: what is written matches, what is read does not
	same_disk write b.shm 0
	io_matched 1
	same_disk read b.shm 0
	io_matched 0
}

# over MODE: what matches in that mode, and that it is not copied
over()
{
	note "mode $1"
	shared a.shm 4M
	shared b.shm 1M
	serve srv --id 0 --depth 8 --size 32M --mode "$1" --shm a.shm --shm b.shm:ro \
		--flags no-part-scan
	matched_now=$(matched srv)
	[ "$1" != copy ] || places
	io_matches 1 a.shm 0x2000 --len 64K
	io_matches 0 a.shm private
	# and everything at once
	ublk-shm mix --disk /dev/ublkb0 --file a.shm --len 4M --ios 200 --seed 7 --blank
	[ "$(matched srv)" -gt $((matched_now + 50)) ] || fail "only $(matched srv) matched"
	matched_now=$(matched srv)
	[ "$(of_server srv copied)" = 0 ] || fail "$(of_server srv copied) requests were copied"
}

over copy
# no request of the server points there: at once. What is not registered is copied again
ctl OK raw --id 0 --raw-op 0xc0207519 --data 1
ctl OK raw --id 0 --raw-op 0xc0207519 --data 0
io_matches 0 a.shm 0
pinned 0 0
stop_ends 0
wait_bg srv
over get-data
stop_ends 0
wait_bg srv
over user-copy
stop_ends 0
wait_bg srv

# a server that answers nothing: UNREG ends, and what it has goes on when it is answered
serve srv --id 0 --depth 8 --size 32M --shm a.shm --flags no-part-scan --do stall@usr1 --do resume@usr2
usr1 srv
run_bg one same_disk write a.shm 0x4000
saw srv '^HELD '
ctl EBUSY raw --id 0 --raw-op 0xc0207519 --data 0 --timeout 30
# other commands never waited for it; it is no longer to be had, but still pinned
ctl EOPNOTSUPP quiesce --id 0
pinned 0 1024
ublk-shm reg --id 0 --file a.shm >reg.out
grep -qx res=1 reg.out || fail "$(cat reg.out)"
# interrupted: it goes on by itself all the same
status=0
ublk-ctl raw --id 0 --raw-op 0xc0207519 --data 0 --timeout 1 >ctl.out || status=$?
[ "$status" = 124 ] && [ "$(answer errno)" = EINTR ] || fail "UNREG: $status $(cat ctl.out)"
run_bg unreg ublk-shm unreg --id 0 --index 0
wait_for 20 waits_in "$BG_unreg" ublk_ctrl_unreg_buf
usr2 srv
wait_bg one
wait_bg unreg
ctl ENOENT raw --id 0 --raw-op 0xc0207519 --data 0
# this server takes its file for buffer 0
ctl OK raw --id 0 --raw-op 0xc0207519 --data 1
ublk-shm reg --id 0 --file a.shm >reg.out
grep -qx res=0 reg.out || fail "$(cat reg.out)"
same_disk read a.shm 0x4000
# STOP and DEL with requests that matched in flight, of a server that is stopped
param stop_timeout_ms 1000
usr1 srv
run_bg one same_disk write a.shm 0x8000
saw_lines srv 2 '^HELD '
kill_bg srv STOP
stop_ends 0
fails one
kill_server srv
result "B17 ok: UNREG of a buffer in use ends; no command froze the queue"
