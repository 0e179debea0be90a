# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: xfs: made, written, checked, and the same again from the backing file
# timeout: 200
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/filesystem.sh"

modprobe xfs || skip "no xfs in this kernel"
# mkfs.xfs takes nothing smaller
fs_life xfs 320M mkfs.xfs -q
