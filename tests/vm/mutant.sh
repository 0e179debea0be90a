# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: one test with a mutated module in the place of ours
#
#   mutant.sh KERNEL NAME TEST
#
# Ends as the test ends; `./run test mutations` judges that. NAME.mainline is the kernel's own.
. "$UBLK_TESTS/vm/lib.sh"

ko=/opt/ublk/mutants/$1/$2.ko
[[ $2 != *.mainline ]] || ko=$(mainline_module)
[ -f "$ko" ] || fail "no module $ko"
# scripts that load the module anew have to get this one, too
conf=/run/modprobe.d/ublk-mutant.conf
mkdir -p "${conf%/*}"
echo "install ublk_drv /sbin/insmod $ko \$CMDLINE_OPTS" >"$conf"
cleanup rm -f "$conf"
load_module
if [ -e /sys/module/ublk_drv/srcversion ]; then
	[ "$(cat /sys/module/ublk_drv/srcversion)" = "$(modinfo -F srcversion "$ko")" ] ||
		fail "another module than $ko is loaded"
fi
# what never comes does not come within this either
export PATIENCE=20
status=0
bash -eu -o pipefail "$UBLK_TESTS/vm/$3.sh" || status=$?
exit "$status"
