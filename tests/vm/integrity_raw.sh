# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: metadata of requests, by a raw server: each checksum, each errno, corruption is found
# timeout: 240
# tier: full
# kernels: 7.2 7.3
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/integrity.sh"
needs_integrity
unwatched

SIZE=8M
F=$PWD/f
head -c 2M /dev/urandom >data

# over CSUM:SIZE:OFFSET:SHIFT:FLAGS FORMAT ARG..: what is written comes back, and the tuples that
# the server has are those of the standards, each at its own interval
over()
{
	local shape=$1 format=$2 checked
	shift 2
	note "shape $shape $*"
	rm -f "$F" "$F.meta"
	serve srv --id 0 --queues 2 --depth 16 --size "$SIZE" --file "$F" --mode user-copy --discard \
		--meta "$shape" "$@"
	integrity_shows ublkb0 format "$format"
	dd if=data of=/dev/ublkb0 bs=256k oflag=direct status=none
	cmp data <(dd if=/dev/ublkb0 bs=64k count=32 iflag=direct status=none) || fail "data"
	# through the page cache, too, whose requests are merged from pages
	dd if=data of=/dev/ublkb0 bs=64k seek=48 conv=nocreat,fsync status=none
	echo 1 >/proc/sys/vm/drop_caches
	cmp data <(dd if=/dev/ublkb0 bs=64k skip=48 count=32 status=none) || fail "cached data"
	ublk-io --file /dev/ublkb0 --size 2M --jobs 2 --depth 8 --bs 32K --ios 200
	blkdiscard --offset 1M --length 64k /dev/ublkb0
	cmp -n 65536 /dev/zero <(dd if=/dev/ublkb0 bs=64k skip=16 count=1 iflag=direct status=none)
	kill_bg srv USR1
	saw srv '^STATS .* meta=[1-9]'
	case $shape in
	0:*) ;;
	*)	ublk-pi "$F" "$F.meta" "$shape" | tee pi.out
		checked=$(sed -n 's/^fits=\([0-9]*\) .* bad=0$/\1/p' pi.out)
		# 4 MiB and more were written
		[ "${checked:-0}" -ge 900 ] || fail "only ${checked:-no} tuples of $shape fit" ;;
	esac
}

ended()
{
	stop_ends 0
	wait_bg srv
}

over 2:8:0:9:3 T10-DIF-TYPE1-CRC
integrity_shows ublkb0 tag_size 0
integrity_shows ublkb0 protection_interval_bytes 512
integrity_shows ublkb0 device_is_integrity_capable 1

note "what does not fit is not read"
read_4k /dev/ublkb0 5
# guard, application tag, reference tag of interval 44, in block 5
for at in 0 4 7; do
	flip "$F.meta" $((44 * 8 + at))
	unreadable /dev/ublkb0 5
	flip "$F.meta" $((44 * 8 + at))
	read_4k /dev/ublkb0 5
done
# the data themselves
flip "$F" $((44 * 512 + 100))
unreadable /dev/ublkb0 5
# which can be had by who does not want to know
echo 0 >/sys/block/ublkb0/integrity/read_verify
read_4k /dev/ublkb0 5
echo 1 >/sys/block/ublkb0/integrity/read_verify
unreadable /dev/ublkb0 5
flip "$F" $((44 * 512 + 100))
# one block's tuples at another one's place: right guards, wrong reference tags
dd if=/dev/zero of=/dev/ublkb0 bs=4k count=2 seek=20 oflag=direct conv=nocreat status=none
dd if="$F.meta" of=moved bs=64 skip=20 count=1 status=none
cp "$F.meta" kept
dd if=moved of="$F.meta" bs=64 seek=21 conv=notrunc status=none
unreadable /dev/ublkb0 21
dd if=kept of="$F.meta" bs=64 skip=21 seek=21 count=1 conv=notrunc status=none
read_4k /dev/ublkb0 21
# an application tag of all ones: not to be checked
flip "$F" $((44 * 512 + 100))
unreadable /dev/ublkb0 5
printf '\0\0' | dd of="$F.meta" bs=1 seek=$((44 * 8 + 2)) conv=notrunc status=none
read_4k /dev/ublkb0 5
ended

# the same with other sums, places and intervals; partial answers go on at an interval
over 1:8:0:9:3 T10-DIF-TYPE1-IP --partial 24K
flip "$F.meta" $((44 * 8))
unreadable /dev/ublkb0 5
ended
over 4:16:0:9:3 EXT-DIF-TYPE1-CRC64
flip "$F.meta" $((44 * 16 + 3))
unreadable /dev/ublkb0 5
flip "$F.meta" $((44 * 16 + 3))
flip "$F.meta" $((44 * 16 + 15))
unreadable /dev/ublkb0 5
ended
over 2:64:56:9:3 T10-DIF-TYPE1-CRC
# what stands ahead of the tuple is in the guard
flip "$F.meta" $((44 * 64 + 10))
unreadable /dev/ublkb0 5
ended
over 4:32:8:12:3 EXT-DIF-TYPE1-CRC64 --bs-shift 12 --partial 20K
integrity_shows ublkb0 protection_interval_bytes 4096
ended
# interval and logical block are not the same
over 2:16:4:9:3 T10-DIF-TYPE1-CRC --bs-shift 12
integrity_shows ublkb0 protection_interval_bytes 512
flip "$F.meta" $((44 * 16 + 4))
unreadable /dev/ublkb0 5
ended
over 1:9:1:10:3 T10-DIF-TYPE1-IP --bs-shift 11 --partial 7K
ended
# no reference tag: type 3
over 2:8:0:9:1 T10-DIF-TYPE3-CRC
flip "$F.meta" $((44 * 8 + 7))
read_4k /dev/ublkb0 5
flip "$F.meta" $((44 * 8))
unreadable /dev/ublkb0 5
ended
over 2:8:0:9:2 T10-DIF-TYPE1-CRC
integrity_shows ublkb0 device_is_integrity_capable 0
ended
# metadata without a tuple: nobody checks them
over 0:13:0:9:1 nop
flip "$F.meta" $((44 * 13))
read_4k /dev/ublkb0 5

note "metadata of one's own arrive as they are, and come back"
# stored COUNT: what the server has for the first so many bytes of metadata
stored() { head -c "$1" "$F.meta" | perl -pe 'BEGIN { binmode STDIN; $/ = \1 } $_ = chr(ord($_) ^ 255)'; }
# 256 KiB: 6.5 KiB of metadata, in several segments
head -c $((512 * 13)) /dev/urandom >mine
ublk-pi-rw write /dev/ublkb0 0 256K data mine $((512 * 13))
cmp mine <(stored $((512 * 13)))
cmp -n 262144 data "$F"
ublk-pi-rw read /dev/ublkb0 0 256K back theirs $((512 * 13))
cmp mine theirs
cmp -n 262144 data back
ended
over 2:8:0:9:3 T10-DIF-TYPE1-CRC
dd if=data of=/dev/ublkb0 bs=64k count=1 oflag=direct conv=nocreat status=none
ublk-pi-rw read /dev/ublkb0 0 64K back tuples 1K
cmp tuples <(stored 1024)
# right tuples for the next data are kept, and wrong ones found when the block layer reads
ublk-pi-rw write /dev/ublkb0 0 64K data tuples 1K
cmp -n 65536 data <(dd if=/dev/ublkb0 bs=64k count=1 iflag=direct status=none)
ublk-pi-rw write /dev/ublkb0 0 64K <(tail -c 65536 data) tuples 1K
unreadable /dev/ublkb0 0
ended

note "a part of a read with metadata is an error, and not wrong data"
rm -f "$F" "$F.meta"
serve srv --id 0 --depth 8 --size "$SIZE" --file "$F" --mode user-copy --meta 2:8:0:9:3:short \
	--partial 8K --flags no-part-scan
dd if=data of=/dev/ublkb0 bs=64k oflag=direct status=none
! dd if=/dev/ublkb0 of=/dev/null bs=64k count=1 iflag=direct status=none 2>err ||
	fail "a short read was taken for the whole"
grep -q 'Input/output error' err || fail "$(cat err)"
cmp data <(dd if=/dev/ublkb0 bs=8k count=256 iflag=direct status=none)
ended

note "each answer to copies, at requests of 4 KiB: 64 bytes of metadata"
rm -f "$F" "$F.meta"
probe()
{
	serve srv --id 0 --depth 4 --size "$SIZE" --mode user-copy --meta 2:8:0:9:3 \
		--flags no-part-scan --do stall@usr1 --do meta@usr2
	usr1 srv
	run_bg one "$1" 0 1
	saw srv '^HELD q=0 '
	usr2 srv
	saw srv "^META .* done 64"
	diff <(sed -n 's/^META [a-z]* //p' srv.out) <(cat <<-EXPECTED
		flag 1
		more-than-there-is 64
		a-part 3
		up-to-the-end 1
		at-the-end 0
		beyond-the-end EINVAL
		largest-offset EINVAL
		idle EINVAL
		bad-tag EINVAL
		bad-queue EINVAL
		below EINVAL
		bad-memory EFAULT
		nothing 0
		wrong-direction EACCES
		done 64
		EXPECTED
	) || fail "copies of a request of $1"
	kill_server srv
	fails one
	wait_state 0 DEAD
	ctl OK del --id 0
}
probe write_block
probe read_block

note "without the flag there is no such position, without user copy no such flag"
serve srv --id 0 --depth 4 --size "$SIZE" --mode user-copy --flags no-part-scan --do stall@usr1 \
	--do meta@usr2
usr1 srv
run_bg one write_block 0 1
saw srv '^HELD q=0 '
usr2 srv
saw srv '^META .* done'
grep -q '^META write flag 0$' srv.out || fail "a request without metadata has the flag"
[ "$(grep -c '^META write [a-z-]* EINVAL$' srv.out)" = 13 ] || fail "$(grep ^META srv.out)"
kill_server srv
fails one
wait_state 0 DEAD
ctl OK del --id 0
ctl EINVAL add --id 0 --flags integrity
ctl EINVAL add --id 0 --flags integrity,get-data
ctl OK add --id 0 --flags integrity,user-copy
ctl OK info --id 0
[[ ,$(answer dev_flags_names), == *,integrity,* ]] || fail "not granted"

note "each rule of the parameters"
GOOD=(--types 65 --size "$SIZE" --bs-shift 9 --param metadata_size=8 --param csum_type=2 --param interval_exp=9
	--param integrity_flags=3)
ctl OK set-params --id 0 "${GOOD[@]}"
for wrong in metadata_size=0 metadata_size=7 pi_offset=1 csum_type=3 csum_type=4 csum_type=5 \
	csum_type=0 interval_exp=8 interval_exp=10 interval_exp=0 integrity_flags=4; do
	ctl EINVAL set-params --id 0 "${GOOD[@]}" --param "$wrong"
done
ctl OK set-params --id 0 "${GOOD[@]}" --param integrity_flags=1 --param csum_type=0
ctl OK set-params --id 0 "${GOOD[@]}" --param metadata_size=255 --param pi_offset=247
ctl OK set-params --id 0 "${GOOD[@]}" --param tag_size=2 --param max_integrity_segments=3
ctl OK get-params --id 0
[ "$(answer tag_size)/$(answer max_integrity_segments)/$(answer csum_type)" = 2/3/2 ] ||
	fail "$(cat ctl.out)"
ctl OK del --id 0
ctl OK add --id 0 --flags user-copy
ctl EINVAL set-params --id 0 "${GOOD[@]}"
ctl OK del --id 0
