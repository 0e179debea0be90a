# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# What the scripts about metadata share. Sourced after raw.sh.

# has_integrity: this kernel's block layer has tuples with a size and a place of their own, and
# intervals that lie in several segments (7.1). Not asked of our module.
has_integrity() { grep -qw fs_bio_integrity_generate /proc/kallsyms; }

needs_integrity()
{
	has_integrity || skip "the block layer of $(uname -r) has no tuples with a place of their own"
}

# flip FILE OFFSET: another byte is there now
flip()
{
	local byte
	byte=$(od -An -tu1 -j "$2" -N 1 "$1")
	printf '%b' "\\x$(printf %02x $((byte ^ 0x55)))" |
		dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# read_4k DISK BLOCK: one block, past the page cache
read_4k() { dd if="$1" of=/dev/null bs=4k skip="$2" count=1 iflag=direct status=none; }

# unreadable DISK BLOCK: the kernel says that the block is not what was written
unreadable()
{
	! read_4k "$1" "$2" 2>err || fail "block $2 of $1 could be read"
	grep -q 'Invalid or incomplete multibyte' err || fail "block $2 of $1: $(cat err)"
}

# integrity_shows DISK FILE VALUE: in sysfs
integrity_shows()
{
	local value
	value=$(cat "/sys/block/$1/integrity/$2")
	[ "$value" = "$3" ] || fail "integrity/$2 of $1 is $value, not $3"
}
