# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: ublk features prints what docs/features.md says of this kernel
# kernels: all
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

requires ublk jq
kernel=$(uname -r | sed 's/^\([0-9]*\.[0-9]*\).*/\1/')
ublk features --json >features.json
jq -r '.features[] | "\(.bit) \(.name)"' features.json >now
# what ./run features collects
sed "s/^/feature: /" now
echo "kernel: $(uname -r)"
[ "${1:-}" != show ] || exit 0

sed '/^#/d' "$UBLK_TESTS/features/$kernel.txt" >documented
diff documented now >differ || {
	cat differ
	fail "ublk features and docs/features.md (<) differ: ./run features --update"
}
# a name for each, and the mask is the same
[ "$(($(jq -r .mask features.json)))" = "$(jq '[.features[].bit | pow(2; .)] | add' features.json)" ] ||
	fail "the mask is another: $(cat features.json)"
! grep -q ' null$' now || fail "a feature without a name: $(cat now)"
