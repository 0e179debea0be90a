# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: memory that nobody points to any more is found (kmemleak)
# timeout: 300
# only: kasan
# expect: dirty
. "$UBLK_TESTS/vm/lib.sh"

. "$UBLK_TESTS/vm/leaks.sh"

modprobe ublk_lab defect=leak
rmmod ublk_lab
no_leaks
