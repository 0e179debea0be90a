# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: ext4: made, written, checked, and the same again from the backing file
# timeout: 200
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/filesystem.sh"

fs_life ext4 128M mkfs.ext4 -q -F
