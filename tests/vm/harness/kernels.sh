# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034 # what is set here is used by the other parts
# Which kernels there are, in which release of Debian, and what today's mirror has of them.

KERNELS=(6.1 6.12 7.2 7.3)

# kernel_suites KERNEL: where to look for it, best first. Testing and unstable move on to the next
# kernel some day, and backports drop headers when a newer version comes: hence second choices.
kernel_suites()
{
	case ${1%-*} in
	6.1)	say bookworm ;;
	6.12)	say trixie bookworm-backports ;;
	7.2)	say forky sid trixie-backports ;;
	7.3)	say trixie-backports forky sid ;;
	*)	die "no kernel '$1' here; known: ${KERNELS[*]} ${DEBUG_KERNELS[*]}" ;;
	esac
}

# What find_kernel found.
SUITE='' KVER='' KPKG='' NO_KERNEL=''
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# host_sources: "URI SUITE" of the Debian that this host itself uses.
host_sources()
{
	# apt fills these in, not the shell.
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(REPO_URI) $(CODENAME)' \
		'Created-By: Packages' 'Origin: Debian' 'Component: main' | sort -u
}

# suite_sources SUITE: sources.list for a root with a kernel of SUITE, from the host's mirror.
suite_sources()
{
	local suite=$1 release=${1%-backports} host uri codename names
	host=$(. /etc/os-release && say "$VERSION_CODENAME")
	while read -r uri codename; do
		names=
		case $codename in
		"$host")
			names=$release
			[ "$suite" = "$release" ] || names+=" $suite"
			;;
		"$host-updates" | "$host-security")
			# Testing and unstable have neither.
			case $release in
			bookworm | trixie)	names=$release-${codename##*-} ;;
			esac
			;;
		esac
		for codename in $names; do
			say "deb [signed-by=$KEYRING] $uri $codename main"
		done
	done < <(host_sources)
}

# apt_of SUITE CMD ARG..: apt with the index of SUITE in place of the host's. By an option: what is in
# the environment comes before the host's own configuration, and would be overruled.
apt_of() { "$2" -c="$CACHE/apt/$1/apt.conf" "${@:3}"; }

# make_index SUITE DIR
make_index()
{
	local suite=$1 dir=$2
	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
	suite_sources "$suite" >"$TMP/sources"
	[ -s "$TMP/sources" ] || {
		# No index fetched yet: a container or a fresh installation.
		as_root apt-get -q update && suite_sources "$suite" >"$TMP/sources"
	}
	[ -s "$TMP/sources" ] || { echo "apt knows no Debian mirror"; return 1; }
	cp "$TMP/sources" "$dir/sources.list"
	cat >"$dir/apt.conf" <<-EOT
		Dir::Etc::SourceList "$dir/sources.list";
		Dir::Etc::SourceParts "/dev/null";
		Dir::Etc::Preferences "/dev/null";
		Dir::Etc::PreferencesParts "/dev/null";
		Dir::State::Lists "$dir/lists";
		Dir::State::Status "/dev/null";
		Dir::Cache "$dir/cache";
		Dir::Cache::pkgcache "pkgcache.bin";
		Dir::Cache::srcpkgcache "srcpkgcache.bin";
		Acquire::Languages "none";
		APT::Sandbox::User "root";
	EOT
	apt_of "$suite" apt-get -q --error-on=any update && return
	# A keyring from before the release was made cannot know its keys.
	apt_install debian-archive-keyring && apt_of "$suite" apt-get -q --error-on=any update
}

# suite_index SUITE: what the mirror has, not older than an hour; or what it had, if it is not there.
suite_index()
{
	local dir=$CACHE/apt/$1
	[ -z "$(find "$dir/fresh" -mmin -60 2>/dev/null)" ] || return 0
	mkdir -p "$dir"
	(
		exec 9>"$CACHE/lock/apt-$1"
		flock 9
		[ -z "$(find "$dir/fresh" -mmin -60 2>/dev/null)" ] || exit 0
		progress "what Debian $1 has today" make_index "$1" "$dir" 9>&- && : >"$dir/fresh"
	) && return
	[ -e "$dir/fresh" ] || return 1
	warn "   going on with what it had on $(date -r "$dir/fresh" +%F)"
}

# newest_of SUITE KERNEL PREFIX: the release (uname -r) of the newest PREFIX-*-cloud-amd64.
newest_of()
{
	apt_of "$1" apt-cache pkgnames "$3-$2." |
		sed -nE "s/^$3-(${2//./\\.}\.[^ ]*-cloud-amd64)\$/\1/p" |
		grep -v -- -unsigned | sort -V | tail -n 1
}

# find_kernel KERNEL: sets SUITE, KVER (uname -r), KPKG (version of the package); or NO_KERNEL, a
# sentence. Packages by their full names: meta packages point at whatever came last.
find_kernel()
{
	local suite image='' suites
	suites=$(kernel_suites "$1") || exit 1
	NO_KERNEL=
	for SUITE in $suites; do
		suite_index "$SUITE" || {
			NO_KERNEL="Debian's mirror does not answer for $SUITE"
			return 1
		}
		KVER=$(newest_of "$SUITE" "$1" linux-headers)
		[ -n "$KVER" ] || {
			[ -n "$image" ] || image=$(newest_of "$SUITE" "$1" linux-image)
			continue
		}
		KPKG=$(apt_of "$SUITE" apt-cache policy "linux-image-$KVER" |
			sed -n 's/^ *Candidate: //p')
		[ -z "$KPKG" ] || return 0
	done
	NO_KERNEL="Debian's mirror has no kernel $1 with headers today (looked in ${suites// /, }"
	NO_KERNEL+="${image:+; there is an image $image without headers})"
	return 1
}

# kernels_verb: what can be had. Needs no root, makes nothing but the index.
kernels_verb()
{
	local kernel state
	printf '%-7s %-17s %-28s %-24s %-8s %s\n' KERNEL FROM RELEASE PACKAGE HEADERS ROOT
	for kernel in "${KERNELS[@]}"; do
		if ! find_kernel "$kernel" >&2; then
			printf '%-7s %s\n' "$kernel" "$NO_KERNEL"
			continue
		fi
		state="not made yet"
		[ ! -e "$CACHE/base/$(base_key)" ] || state=cached
		printf '%-7s %-17s %-28s %-24s %-8s %s\n' "$kernel" "$SUITE" "$KVER" "$KPKG" yes \
			"$state"
	done
}
