# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# fio with its own verification, on a raw server. Sourced after raw.sh.

# fio_says EXPRESSION: of its JSON, in front of which it may have put remarks
fio_says() { sed -n '/^{/,$p' fio.json | jq "$1"; }

# fio_verify FILE RW [OPTION..]: writes 16 MiB, as many I/Os as that takes, and reads them back.
fio_verify()
{
	local file=$1 rw=$2
	shift 2
	fio --name="$rw" --filename="$file" --rw="$rw" --size=16M --bsrange=4k-128k --direct=1 \
		--ioengine=io_uring --iodepth=16 --verify=crc32c --verify_fatal=1 \
		--randrepeat=0 --random_generator=tausworthe64 "$@" \
		--output-format=json --output=fio.json || {
		cat fio.json
		fail "fio $rw"
	}
	[ "$(fio_says '[.jobs[].error] | add')" = 0 ] || fail "fio saw errors"
	# a verify that read nothing has verified nothing
	[ "$(fio_says '[.jobs[].read.io_bytes] | add')" -ge $((16 << 20)) ] ||
		fail "fio read back $(fio_says '[.jobs[].read.io_bytes] | add') bytes only"
}

# fio_on_queues N RW..: with that many queues granted
fio_on_queues()
{
	local queues=$1 rw
	shift
	serve srv --id 0 --queues "$queues" --depth 32 --size 64M
	info_is 0 nr_hw_queues "$queues" || fail "asked for $queues queues, not granted"
	[ "$(find /sys/block/ublkb0/mq -mindepth 1 -maxdepth 1 | wc -l)" = "$queues" ] ||
		fail "the disk has other than $queues queues"
	for rw in "$@"; do
		fio_verify /dev/ublkb0 "$rw" --numjobs="$queues" --offset_increment=16M
	done
	stop_ends 0
	wait_bg srv
}
