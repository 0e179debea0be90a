# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a vfork()ed child of the server closes the disk that it has written to: STOP still ends
# covers: B3
# timeout: 120
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/reg.sh"

# The close writes back, and waits for the thread that waits for the child: that thread is asleep in
# the kernel, not in the driver, and no driver can help it. STOP has to end this.
param stop_timeout_ms 2000
unwatched
serve srv --id 0 --depth 4 --size 4M --recovery reissue --do vfork@usr1
usr1 srv
saw srv '^VFORK '
wait_for 20 in_flight 0
is_running srv || fail "the server is gone"
has_line srv '^VFORK over' && fail "the child closed the disk; this test is not what it says"
stop_ends 0
saw srv '^VFORK over'
wait_bg srv any
ok B3 "documented; STOP ends"
