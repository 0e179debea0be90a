# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a background job that fails is not overlooked
# timeout: 20
# expect: fail
. "$UBLK_TESTS/vm/lib.sh"

run_bg job bash -c "exit 3"
wait_bg job
