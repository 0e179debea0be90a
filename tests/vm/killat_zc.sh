# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: crash matrix, the cells of zero copy: each way of recovery, both ways to register
# timeout: 300
# cpus: 4
# tier: full
# kernels: 7.2 7.3
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/cli.sh"
. "$UBLK_TESTS/vm/zc.sh"
. "$UBLK_TESTS/vm/matrix.sh"
needs_zero_copy

cells "${1:-$((SRANDOM % 32768))}" <<'EOT'
reissue registered 1 mq-deadline
reissue auto-registered 4 none
plain registered 4 none
plain auto-registered 1 mq-deadline
fail-io registered 4 mq-deadline
fail-io auto-registered 1 none
off registered 1 none
off auto-registered 4 mq-deadline
EOT
cells_report
