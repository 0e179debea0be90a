#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# The README's program is the one that is built, and its version is dkms.conf's.
# shellcheck disable=SC2016 # the quoted is what it says
set -eu -o pipefail
cd "$(dirname "$0")/../.."

status=0
diff <(sed -n '/^```c$/,/^```$/p' README.md | sed '1d;$d') <(tail -n +3 examples/tiny.c) || {
	echo "README.md: the program shown is not examples/tiny.c"
	status=1
}
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"$/\1/p' dkms.conf)
if grep -nE '/usr/src/ublk-|dkms install ublk/' README.md | grep -vF -e "ublk-$version" -e "ublk/$version"; then
	echo "README.md: another version than $version, which dkms.conf says"
	status=1
fi
exit $status
