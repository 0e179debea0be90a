#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# The driver never quiesces or stops its disk's queue while I/O may come: on 6.1 a request that is
# sent directly at the moment when that ends is put into the queue, and nothing runs the queue.
# killat_points hung on it, once in some hundred starts: not what a test can wait for.
. "$(dirname "$0")/lint.bash"

pattern='blk_mq_(un)?quiesce_|blk_mq_(stop|start)_(stopped_)?hw_queue'
while IFS= read -r f; do
	while IFS= read -r hit; do
		finding "$f:$hit"
	done < <(awk -v want=code -f "$LINT/ccode.awk" "$f" | grep -nE "$pattern" || :)
done < <(files 'module/*.c' 'module/*.h')
conclude
