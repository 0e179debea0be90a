# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# What the scripts of docs/register.md share. Sourced after raw.sh.
#
# The same scripts judge mutated modules and, where they need nothing of ours, mainline's.

# is_ours: mainline's module has no debugfs, and no parameters of ours
is_ours() { [ -d "$DEBUG" ]; }

# ours CMD..: only with our module
ours() { ! is_ours || "$@"; }

# ok ENTRY [TEXT]: the observable of this entry was seen as it must be
ok() { result "$1 ok${2:+: $2}"; }

slots_are() { [ "$(slots "$1" "$2")" = "$3" ]; }
is_over() { ! is_running "$1"; }

# ends_ok NAME [SECONDS]: the background job ends well
ends_ok() { wait_for "${2:-30}" is_over "$1"; wait_bg "$1"; }

# is_stopped PID: all its threads are, after SIGSTOP
is_stopped() { [ -z "$(grep -h '^State:' "/proc/$1"/task/*/status | grep -v stopped)" ]; }

# waits_in NAME FUNCTION: a thread of the job sleeps in it (or what begins like it)
waits_in() { grep -qs "$2" /proc/"${BG_PID[$1]}"/task/*/stack; }
