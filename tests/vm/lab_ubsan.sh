# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a shift by more than the bits there are is found (UBSAN)
# timeout: 60
# only: kasan
# expect: dirty
. "$UBLK_TESTS/vm/lib.sh"

modprobe ublk_lab defect=ubsan
