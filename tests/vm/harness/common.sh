# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034 # what is set here is used by the other parts
# Output, the cache, packages of the host: what every other part of ./run stands on.

CACHE=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/ublk

if [ -t 1 ] && [ "${TERM:-dumb}" != dumb ]; then
	RED=$'\e[31m' GREEN=$'\e[32m' YELLOW=$'\e[33m' BOLD=$'\e[1m' PLAIN=$'\e[0m'
else
	RED='' GREEN='' YELLOW='' BOLD='' PLAIN=''
fi

say() { printf '%s\n' "$*"; }
head_line() { printf '%s== %s%s\n' "$BOLD" "$*" "$PLAIN"; }
warn() { printf '%s%s%s\n' "$YELLOW" "$*" "$PLAIN" >&2; }

die()
{
	printf '%srun: %s%s\n' "$RED" "$*" "$PLAIN" >&2
	exit 1
}

as_root()
{
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo -- "$@"
	else
		die "needs root for: $1 (run it as root, or install sudo)"
	fi
}

# ---- things to undo, whatever way the run ends -------------------------------------------

# Everything private to this run lives here, so parallel runs cannot meet.
TMP=
KEEP=		# set by --keep: leave the logs behind
CHILDREN=()

SAVED_TTY=

restore_tty()
{
	[ -z "$SAVED_TTY" ] || stty "$SAVED_TTY"
	SAVED_TTY=
}

finish_up()
{
	local status=$? pid
	trap '' INT TERM
	trap - EXIT
	for pid in "${CHILDREN[@]}"; do
		kill -KILL "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
	done
	restore_tty
	if [ -n "$KEEP" ]; then
		rm -rf -- "$TMP"/*.img "$TMP"/boot.*/*.img
		say "kept: $TMP"
	elif [ -n "$TMP" ]; then
		rm -rf -- "$TMP"
	fi
	exit "$status"
}

start_up()
{
	TMP=$(mktemp -d "${TMPDIR:-/var/tmp}/ublk-run.XXXXXX")
	trap finish_up EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	mkdir -p "$CACHE/lock" "$CACHE/used"
}

child_started() { CHILDREN+=("$1"); }

child_gone()
{
	local keep=() pid
	for pid in "${CHILDREN[@]}"; do
		[ "$pid" = "$1" ] || keep+=("$pid")
	done
	CHILDREN=("${keep[@]}")
}

# ---- long steps --------------------------------------------------------------------------

# progress TEXT CMD...: run CMD quietly, say every 20 s that it is still going, show its output
# only if it fails.
progress()
{
	local text=$1 log t0=$SECONDS beat status=0
	shift
	log=$(mktemp "$TMP/step.XXXXXX")
	printf '   %s ...\n' "$text"
	(
		# Ends by itself too if the run is killed.
		while sleep 20 && kill -0 $$ 2>/dev/null; do
			printf '   ... %s: %d s\n' "$text" $((SECONDS - t0))
		done
	) &
	beat=$!
	child_started "$beat"
	"$@" >"$log" 2>&1 </dev/null || status=$?
	kill "$beat" 2>/dev/null
	wait "$beat" 2>/dev/null || true
	child_gone "$beat"
	if [ "$status" = 0 ]; then
		printf '   %s: done, %d s\n' "$text" $((SECONDS - t0))
	else
		printf '%s   %s: failed with status %d%s\n' "$RED" "$text" "$status" "$PLAIN"
		# Addresses of mirrors are nobody's business in a log.
		tail -n 60 "$log" | sed -E 's#(https?|ftp)://[^ ]*#MIRROR#g; s/^/   | /'
	fi
	rm -f "$log"
	return "$status"
}

# ---- the cache ---------------------------------------------------------------------------

hash_text() { sha256sum | cut -c1-32; }

# cached KIND KEY BUILDER [ARG..]: sets CACHED to the path of a thing made by `BUILDER TMP ARG..`.
# It is built under a temporary name and renamed, under a lock of its own: two runs that want
# the same thing build it once, and a half built one is never seen.
cached()
{
	local kind=$1 key=$2 path=$CACHE/$1/$2
	shift 2
	mkdir -p "$CACHE/$kind"
	if [ ! -e "$path" ]; then
		(
			exec 9>"$CACHE/lock/$kind-$key"
			flock -n 9 || {
				say "   waiting for another run that makes the same $kind"
				flock 9
			}
			[ ! -e "$path" ] || exit 0
			"$1" "$path.tmp.$$" "${@:2}" 9>&- || {
				as_root rm -rf -- "$path.tmp.$$"
				exit 1
			}
			mv -T -- "$path.tmp.$$" "$path"
		) || return 1
	fi
	: >"$CACHE/used/$kind-$key"
	CACHED=$path
}

# cache_prune KIND KEEP: drop all but the KEEP things used last, and never one used within two
# hours (another run may be about to open it).
cache_prune()
{
	local kind=$1 max=$2 path stamp age n=0 now
	now=$(date +%s)
	while read -r _ stamp; do
		stamp=${stamp##*/}
		n=$((n + 1))
		path=$CACHE/$kind/${stamp#"$kind"-}
		age=$((now - $(stat -c %Y "$CACHE/used/$stamp" 2>/dev/null || echo "$now")))
		if [ "$n" -gt "$max" ] && [ "$age" -gt 7200 ]; then
			as_root rm -rf -- "$path"
			rm -f -- "$CACHE/used/$stamp" "$CACHE/lock/$stamp"
		fi
	done < <(find "$CACHE/used" -name "$kind-*" -printf '%T@ %p\n' | sort -rn)
	cache_prune_unfinished "$kind"
	return 0	# what stays behind does no harm
}

# cache_prune_unfinished KIND: drop what a killed run left half built. Whoever still builds holds the
# lock; the age of a root in the making says nothing, it is that of what is unpacked there.
cache_prune_unfinished()
{
	local path key
	for path in "$CACHE/$1"/*.tmp.*; do
		[ -e "$path" ] || continue
		key=${path##*/}
		(
			flock -n 9 || exit 0
			# It may have mounts of the host in it.
			as_root rm -rf --one-file-system -- "$path"
		) 9>"$CACHE/lock/$1-${key%%.tmp.*}"
	done
}

# ---- packages of the host ----------------------------------------------------------------

APT_UPDATED=

have_package()
{
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

apt_install()
{
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -q -y \
		--no-install-recommends install "$@"
}

# need_packages NAME..: install from Debian what is missing, nothing else.
need_packages()
{
	local p missing=()
	for p in "$@"; do
		have_package "$p" || missing+=("$p")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	command -v apt-get >/dev/null || die "this host has no apt-get; needed: ${missing[*]}"
	if [ -z "$APT_UPDATED" ]; then
		progress "apt-get update" as_root apt-get -q -o DPkg::Lock::Timeout=300 update ||
			die "apt-get update failed"
		APT_UPDATED=1
	fi
	progress "installing ${missing[*]}" apt_install "${missing[@]}" ||
		die "cannot install ${missing[*]}"
}
