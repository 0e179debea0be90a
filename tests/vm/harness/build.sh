# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034 # what is set here is used by the other parts
# User space: built on the host by CMake, handed to the guest as a small read-only image.

BUILD_PACKAGES=(cmake make gcc g++ pkg-config libc6-dev liburing-dev libjson-c-dev libcmocka-dev
	libsystemd-dev systemtap-sdt-dev)

# One build tree per source tree and purpose, outside the source tree: incremental, and two
# checkouts do not meet.
build_dir() { say "$CACHE/build/$(printf %s "$TOP" | hash_text)-$1"; }

cmake_build()
{
	local dir=$1
	shift
	(
		exec 9>"$CACHE/lock/$(basename "$dir")"
		flock 9
		cmake -S "$TOP" -B "$dir" -DCMAKE_BUILD_TYPE=RelWithDebInfo "$@" 9>&- &&
			cmake --build "$dir" -j "$(nproc)" ${BUILD_TARGET:+--target "$BUILD_TARGET"} -- -k 9>&-
	)
}

# build_user_space NAME [CMAKE OPTION..]: sets BUILD. All of it, or $BUILD_TARGET.
build_user_space()
{
	local name=$1
	shift
	need_packages "${BUILD_PACKAGES[@]}"
	BUILD=$(build_dir "$name")
	mkdir -p "$BUILD"
	[ -f "$TOP/CMakeLists.txt" ] || { warn "   no CMakeLists.txt: nothing to build"; return 1; }
	progress "building user space ($name)" cmake_build "$BUILD" "$@"
}

# copy_programs FROM TO: executables, not objects, libraries or scripts of CMake's.
copy_programs()
{
	[ -d "$1" ] || return 0
	find "$1" -path '*/CMakeFiles' -prune -o -type f -perm -u+x ! -name '*.so*' -print0 |
		xargs -0 -r cp -t "$2"
}

# Under the build's lock: another run may be relinking.
fill_payload()
{
	local dir=$1
	(
		exec 9>"$CACHE/lock/$(basename "$BUILD")"
		flock 9
		if [ -f "$BUILD/cmake_install.cmake" ]; then
			DESTDIR=$dir/dest cmake --install "$BUILD" --prefix /usr/local \
				>"$TMP/install.log" 2>&1 ||
				warn "   cmake --install failed: what is not there cannot be tested"
			# Guests are as Debian made them; who tests the rule puts it in place.
			rm -rf "$dir/dest/usr/local/lib/modules-load.d" "$dir/udev"
			mv "$dir/dest/usr/local/lib/udev" "$dir/udev" 2>/dev/null || true
			[ ! -d "$dir/dest/usr/local" ] || cp -a "$dir/dest/usr/local/." "$dir/local/"
			rm -rf "$dir/dest"
		fi
		# Test programs are not installed, and neither is what tests use of examples/.
		copy_programs "$BUILD/examples" "$dir/progs"
		copy_programs "$BUILD/tests/raw" "$dir/progs"
		copy_programs "$BUILD/tests/bench" "$dir/progs"
	)
	cp -a "$TOP/tests/." "$dir/tests/"
	# The library that can be told where to kill its process: for LD_LIBRARY_PATH.
	cp -a "$BUILD"/tests/points/libublk.so* "$dir/tests/points/" 2>/dev/null || true
}

# make_payload: sets nothing; leaves $TMP/payload.img, the same for all guests of a run.
make_payload()
{
	local dir=$TMP/payload kb
	[ ! -e "$TMP/payload.img" ] || return 0
	mkdir -p "$dir/local" "$dir/progs" "$dir/tests"
	fill_payload "$dir" || return 1
	kb=$(du -sk "$dir" | cut -f1)
	mke2fs -q -t ext4 -O ^has_journal -E root_owner=0:0 -d "$dir" "$TMP/payload.img" \
		$((kb + kb / 2 + 16384))k >/dev/null
}
