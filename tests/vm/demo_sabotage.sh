# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: the demo notices that a single acknowledged write was dropped
# timeout: 600
. "$UBLK_TESTS/vm/lib.sh"

status=0
bash -eu -o pipefail "$UBLK_TESTS/vm/demo.sh" --sabotage | tee demo.log || status=$?
[ "$status" = 1 ] || fail "a demo that lost a write ended with status $status, not 1"
grep -q '^RESULT: LOST' demo.log || fail "a demo that lost a write does not say LOST"
