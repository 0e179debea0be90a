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

seed=${1:-$((SRANDOM % 32768))}
note "seed $seed"
n=0
# 12 of 48: any two values of different axes meet in one of them
while read -r recovery data queues scheduler; do
	kind=${KINDS[n++ % 3]}
	cell "$recovery" "$data" "$queues" "$scheduler" 3 $((seed++ % 32768)) "$kind"
	note "$recovery $data $queues $scheduler, $kind: $CELL_COUNTED of $CELL_KILLS kills count"
	[ "$CELL_COUNTED" -gt 0 ] || fail "no kill of the cell found a request in flight"
done <<'EOT'
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
