# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# What the scripts about zero copy share. Sourced after raw.sh.

# has_zero_copy: this kernel's io_uring takes the pages of a request (6.15)
has_zero_copy() { grep -qw io_buffer_unregister /proc/kallsyms ||
	grep -qw io_buffer_unregister_bvec /proc/kallsyms; }

needs_zero_copy()
{
	has_zero_copy || skip "io_uring of $(uname -r) has no registered buffers of drivers"
}

# nothing_detained ID: no request of the device waits for a ring to let go of its pages
nothing_detained() { [ "$(counter "$1" detained_now)" = 0 ]; }
detained() { [ "$(counter "$1" detained_now)" = "$2" ]; }
