# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: the last reference to the disk ends with a request, in the server, during a partition scan
# covers: B11
# timeout: 120
# kernels: all
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/reg.sh"

# The server's thread would close the disk on its way out of the COMMIT, and wait there for the scan,
# which waits for that thread.
# a table that takes several reads, one after the other
truncate -s 8M f
sfdisk --quiet f <<<$'label: gpt\nsize=2M\n'
serve srv --id 0 --depth 8 --size 8M --file "$PWD/f" --flags no-part-scan --do stall@usr1 --do resume@usr2
usr1 srv
run_bg client become_server client.out ublk-register last-close --id 0
saw client '^CLOSED'
saw_lines srv 1 '^HELD'
run_bg scan blockdev --rereadpt /dev/ublkb0
saw_lines srv 2 '^HELD'
usr2 srv
ends_ok client 20
ends_ok scan 20
(read_block 0 1)
ctl OK stop --id 0
wait_bg srv
ctl OK del --id 0
ok B11
