# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# Completion for ublk(8). Verbs and options are read from the program's own help, so that they are
# those of the ublk that is installed.

_ublk_verbs() { ublk --help 2>/dev/null | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p'; }

# Ids of devices, without asking the driver: that may have to wait for somebody.
_ublk_ids()
{
	local node
	for node in /dev/ublkc*; do
		[[ $node == *\* ]] || echo "${node#/dev/ublkc}"
	done
}

# ublk-TYPE, but not the one that is no server.
_ublk_types() { compgen -c ublk- | sed -n '/^ublk-torture$/d; s/^ublk-\([a-z]*\)$/\1/p' | sort -u; }

_ublk_options() { ublk "$@" --help 2>/dev/null | sed -n 's/^ *\(--[a-z][a-z-]*\).*/\1/p'; }

# _ublk_values OPTION: what may stand behind it; 1 if it takes none, or one that nobody can guess.
_ublk_values()
{
	case $1 in
	--recovery)	echo off plain reissue fail-io ;;
	--data)		echo copy get-data user-copy registered auto-registered auto ;;
	--file | --log)	echo FILE ;;
	--id | --queues | --depth | --block-size | --max-io | --uuid | --name | --size | --timeout | \
	--fence-timeout) ;;
	*)		return 1 ;;
	esac
}

_ublk_offer()
{
	local IFS=$' \t\n'
	if [ "$1" = FILE ]; then
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	else
		mapfile -t COMPREPLY < <(compgen -W "$*" -- "$cur")
	fi
}

# The word before the one at hand, if that is an option whose value is written now. Bash makes
# three words of --option=value.
_ublk_option()
{
	local i=$((COMP_CWORD - 1))
	[ "$cur" != = ] || { cur=; i=$COMP_CWORD; }
	[ "${COMP_WORDS[i]}" != = ] || i=$((i - 1))
	option=${COMP_WORDS[i]}
	[[ $option == --* ]]
}

_ublk()
{
	local cur=${COMP_WORDS[COMP_CWORD]} option values verb=${COMP_WORDS[1]:-} i operands=0 type=
	COMPREPLY=()
	if [ "$COMP_CWORD" = 1 ]; then
		_ublk_offer "$(_ublk_verbs)" --help --version
		return
	fi
	if _ublk_option && values=$(_ublk_values "$option"); then
		[ -z "$values" ] || _ublk_offer "$values"
		return
	fi
	# What stands between the verb and here
	for ((i = 2; i < COMP_CWORD; i++)); do
		[ "${COMP_WORDS[i]}" != -- ] || { _command_offset "$((i + 1))" 2>/dev/null; return; }
		case ${COMP_WORDS[i]} in
		= | -*)	;;
		*)	operands=$((operands + 1))
			[ "$operands" != 1 ] || type=${COMP_WORDS[i]} ;;
		esac
	done
	if [[ $cur == -* ]]; then
		if [ "$verb" = add ] && [ -n "$type" ]; then
			_ublk_offer "$(_ublk_options add "$type")"
		else
			_ublk_offer "$(_ublk_options "$verb")"
		fi
		return
	fi
	case $verb:$operands in
	add:0)		_ublk_offer "$(_ublk_types)" ;;
	add:1)		[ "$type" != fault ] || _ublk_offer "$(_ublk_types)" ;;
	wait:1)		_ublk_offer live dead quiesced fail-io gone ;;
	list:* | features:* | doctor:* | top:* | events:*) ;;
	*:0)		_ublk_offer "$(_ublk_ids)" ;;
	esac
}

complete -F _ublk ublk
