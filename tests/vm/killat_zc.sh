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

seed=${1:-$((SRANDOM % 32768))}
note "seed $seed"
n=0
while read -r recovery data queues scheduler; do
	kind=${KINDS[n++ % 3]}
	cell "$recovery" "$data" "$queues" "$scheduler" 3 $((seed++ % 32768)) "$kind"
	note "$recovery $data $queues $scheduler, $kind: $CELL_COUNTED of $CELL_KILLS kills count"
	[ "$CELL_COUNTED" -gt 0 ] || fail "no kill of the cell found a request in flight"
done <<'EOT'
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
