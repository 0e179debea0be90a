#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# Interactive root shell on the guest's virtio console, with the module loaded.

[ -c /dev/hvc0 ] || { echo "ublk-guest: no /dev/hvc0" >/dev/console; exit 1; }
modprobe ublk_drv || echo "ublk-guest: modprobe ublk_drv failed" >/dev/hvc0

cat >/root/.bashrc <<'EOF'
PS1='[ublk guest \w]# '
. "$UBLK_TESTS/vm/lib.sh" 2>/dev/null
trap - ERR EXIT TERM
set +euE
cd "$SCRATCH"
cat <<'MSG'
Root shell in the guest. The module is loaded, `ublk` and the test programs are on PATH, scratch
space is in $SCRATCH, the tests are in $UBLK_TESTS/vm (`bash -eu -o pipefail FILE` runs one).
`exit` or Ctrl-D powers the guest off; nothing of it is kept.
MSG
EOF
# shellcheck disable=SC2016
setsid --ctty --wait bash -c '
	stty rows "${UBLK_ROWS:-24}" cols "${UBLK_COLS:-80}" 2>/dev/null
	exec bash --rcfile /root/.bashrc -i' </dev/hvc0 >/dev/hvc0 2>&1
