# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: freeing a timer that runs is found (DEBUG_OBJECTS)
# timeout: 60
# only: kasan
# expect: dirty
. "$UBLK_TESTS/vm/lib.sh"

modprobe ublk_lab defect=odebug
