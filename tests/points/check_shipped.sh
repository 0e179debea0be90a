#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# The library that is shipped has no kill points, the one for tests has: check_shipped.sh LIB POINTS
set -euo pipefail

has() { grep -qaF "$2" "$1"; }

has "$2" UBLK_KILL_AT || { echo "$2 has no kill points"; exit 1; }
! has "$1" UBLK_KILL_AT || { echo "$1 knows UBLK_KILL_AT"; exit 1; }
! has "$1" fetches-prepared || { echo "$1 has the name of a kill point in it"; exit 1; }
