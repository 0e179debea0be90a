# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a lockdep that switched itself off without a word in this log is found
# timeout: 60
# only: kasan
# expect: dirty
. "$UBLK_TESTS/vm/lib.sh"

modprobe ublk_lab defect=lockdep-off
