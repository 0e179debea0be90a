# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: crash matrix, a covering slice: each value of each axis with each other one, data judged
# timeout: 240
# cpus: 4
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/cli.sh"
. "$UBLK_TESTS/vm/zc.sh"
. "$UBLK_TESTS/vm/matrix.sh"

# 12 of 48: any two values of different axes meet in one of them
cells "${1:-$((SRANDOM % 32768))}" <<'EOT'
reissue copy 1 none
reissue get-data 4 mq-deadline
reissue user-copy 4 none
plain copy 4 mq-deadline
plain get-data 1 none
plain user-copy 1 mq-deadline
fail-io copy 4 none
fail-io get-data 1 mq-deadline
fail-io user-copy 1 none
off copy 1 mq-deadline
off get-data 4 none
off user-copy 4 mq-deadline
EOT
cells_report
