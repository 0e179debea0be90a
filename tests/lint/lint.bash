# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# What the checks share.  Each check is a script of its own: status 0 is fine,
# 77 cannot be run here (the last line says why), anything else is a finding.
set -euo pipefail
export LC_ALL=C.UTF-8

LINT=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
cd "$LINT/../.."

# files PATTERN..: the files of the tree (git pathspecs), new ones included
files()
{
	local f
	git -c safe.directory='*' ls-files --cached --others --exclude-standard -- "$@" |
	while IFS= read -r f; do
		[ ! -f "$f" ] || printf '%s\n' "$f"
	done
}

shell_files()
{
	files '*.sh' '*.bash'
	files | while IFS= read -r f; do
		case $f in *.sh|*.bash) continue ;; esac
		read -r first < "$f" 2>/dev/null || continue
		[[ $first =~ ^#!.*(bash|/sh|env\ sh) ]] && printf '%s\n' "$f"
	done || :
}

FINDINGS=0
finding()
{
	printf '%s\n' "$*"
	FINDINGS=$((FINDINGS + 1))
}

# The last line of a check.
conclude()
{
	[ "$FINDINGS" = 0 ] || { echo "$FINDINGS finding(s)"; exit 1; }
}

skip()
{
	echo "$*"
	exit 77
}

# The newest kernel headers of this machine that can build a module.
kernel_headers()
{
	local dir found=
	for dir in /usr/src/linux-headers-*-cloud-amd64 /lib/modules/*/build; do
		[ ! -e "$dir/Module.symvers" ] || found+=$(readlink -f "$dir")$'\n'
	done
	sort -uV <<<"$found" | tail -n 1
}

# need PACKAGE..: install them, or the check cannot be run
need()
{
	[ "$(id -u)" = 0 ] || skip "$* not installed, and only root can"
	apt-get -q -y --no-install-recommends install "$@" > /dev/null 2>&1 ||
		skip "cannot install $*"
}

# module_copy DIR: the module's source, to be built there; sets HEADERS
module_copy()
{
	[ -n "$(kernel_headers)" ] || need make gcc linux-headers-cloud-amd64
	HEADERS=$(kernel_headers)
	[ -n "$HEADERS" ] || skip "no kernel headers"
	mkdir "$1/include"
	cp -r include/uapi "$1/include/"
	files module | cpio -pdm --quiet "$1"
}

# linux_files DIR PACKAGE PATH..: have DIR/PATH of a Debian package of kernel source, for facts
# about the kernel and its own checks. DIR is in the cache, for the package is large.
linux_files()
{
	local dir=$1 package=$2 path missing='' work status=0
	shift 2
	for path in "$@"; do
		[ -s "$dir/$path" ] || missing=1
	done
	[ -n "$missing" ] || return 0
	work=$(mktemp -d)
	(
		tarball=/usr/src/$package.tar.xz
		if [ ! -e "$tarball" ]; then
			cd "$work"
			apt-get -q download "$package"
			dpkg-deb -x "$package"_*.deb .
			tarball=$work$tarball
		fi
		mkdir -p "$work/out" "$dir"
		tar -xJf "$tarball" --occurrence=1 --strip-components=1 -C "$work/out" \
			"${@/#/$package/}"
		cp -r "$work/out/." "$dir/"
	) >"$work/log" 2>&1 || status=$?
	[ "$status" = 0 ] || tail -n 2 "$work/log"
	rm -rf "$work"
	return "$status"
}
