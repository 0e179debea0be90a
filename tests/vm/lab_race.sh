# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a data race of a module of ours is found (KCSAN)
# timeout: 60
# only: kcsan
# expect: dirty
. "$UBLK_TESTS/vm/lib.sh"

modprobe ublk_lab defect=race
