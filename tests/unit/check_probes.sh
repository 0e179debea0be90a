#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# check_probes.sh LIBRARY DOC: the library has the probes that the document lists, and no others.
set -eu -o pipefail
export LC_ALL=C
library=$1 doc=$2
readelf -n "$library" >/dev/null || exit 77
has=$(readelf -n "$library" | awk '/Provider: libublk/ { getline; print $2 }' | sort -u)
listed=$(sed -n 's/^| `libublk:\([a-z_]*\)`.*/\1/p' "$doc" | sort -u)
[ -n "$has" ] || { echo "built without <sys/sdt.h> (systemtap-sdt-dev): no probes"; exit 77; }
diff <(echo "$has") <(echo "$listed") || { echo "library (<) and document (>) differ"; exit 1; }
echo "$has" | xargs
