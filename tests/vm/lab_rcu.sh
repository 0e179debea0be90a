# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: rcu_dereference() outside of a reader is found
# timeout: 60
# only: kasan
# expect: dirty
. "$UBLK_TESTS/vm/lib.sh"

modprobe ublk_lab defect=rcu
