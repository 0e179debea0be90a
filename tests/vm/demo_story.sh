# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: what ./run demo shows: five SIGKILLs under a file system, nothing lost, nothing hung
# timeout: 600
. "$UBLK_TESTS/vm/lib.sh"

bash -eu -o pipefail "$UBLK_TESTS/vm/demo.sh" | tee demo.log
result "$(sed -n 's/^RESULT: //p' demo.log)"
