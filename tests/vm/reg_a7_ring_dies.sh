# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a COMMIT through io-wq whose thread dies before it can run: the request goes to the successor
# covers: A7
# timeout: 120
# kernels: all
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/reg.sh"

# From 6.7 on such a COMMIT is bounced to its own thread. When that is dead a kernel thread runs it,
# whose memory is not the server's: the READ would fail, or bring somebody else's bytes.
head -c 65536 /dev/urandom >f
for ring in --defer-taskrun ""; do
	serve old --id 0 --depth 1 --size 4M --file "$PWD/f" --recovery reissue --iosqe-async \
		--flags no-part-scan --do doze@usr1 $ring
	usr1 old
	rm -f back
	run_bg reader dd if=/dev/ublkb0 of=back bs=4k count=1 skip=3 iflag=direct status=none
	saw old '^DOZE'
	kill_server old
	wait_state 0 QUIESCED
	serve new --id 0 --takeover --file "$PWD/f"
	ends_ok reader
	cmp back <(tail -c +12289 f | head -c 4096) || fail "another server's, or nobody's bytes"
	ctl OK stop --id 0
	wait_bg new
	ctl OK del --id 0
done
ok A7
