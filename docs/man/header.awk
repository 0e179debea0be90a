# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# ublk.h as manual pages, one for each of its sections, into the folder -v out=DIR. What the header
# says is written once, there; libublk.3 has the overview. The header comes through expand(1). -v version=,
# -v date=

# The page of a section of the header.
function page_of(title)
{
	if (title == "Errors and messages") return "libublk-errors"
	if (title == "Identity") return "libublk-identity"
	if (title == "Constants") return "libublk-constants"
	if (title == "The control node") return "libublk-control"
	if (title == "Looking at devices") return "libublk-info"
	if (title ~ /^Commands on any device/) return "libublk-commands"
	if (title == "The target") return "libublk-target"
	if (title == "Configuration of a device") return "libublk-config"
	if (title ~ /^Becoming/) return "libublk-attach"
	if (title == "Serving, the short way") return "libublk-serve"
	if (title ~ /^Serving, with threads/) return "libublk-queues"
	if (title == "A request") return "libublk-requests"
	if (title ~ /^Memory shared/) return "libublk-memory"
	if (title ~ /^Records/) return "libublk-records"
	if (title ~ /^Counters/) return "libublk-counters"
	if (title ~ /^Supervision/) return "libublk-supervision"
	print "header.awk: no page is known for the section \"" title "\" of ublk.h" >"/dev/stderr"
	failed = 1
	# by its first word, so that what it has is to be found
	gsub(/[^A-Za-z].*/, "", title)
	return "libublk-" tolower(title)
}

function escaped(text)
{
	gsub(/\\/, "\\e", text)
	gsub(/-/, "\\-", text)
	if (text ~ /^[.']/)
		text = "\\&" text
	return text
}

# Running text: arguments in italics, functions in bold.
function prose(text,	done)
{
	text = escaped(text)
	while (match(text, /@[a-z_]+/)) {
		done = done substr(text, 1, RSTART - 1) "\\fI" substr(text, RSTART + 1, RLENGTH - 1) "\\fP"
		text = substr(text, RSTART + RLENGTH)
	}
	text = done text
	done = ""
	while (match(text, /u?blk_[a-z_0-9]+\(\)/)) {
		done = done substr(text, 1, RSTART - 1) "\\fB" substr(text, RSTART, RLENGTH - 2) "\\fP()"
		text = substr(text, RSTART + RLENGTH)
	}
	return done text
}

function literal(on)
{
	if (on == is_literal)
		return ""
	is_literal = on
	return on ? ".PP\n.in +4n\n.nf\n" : ".fi\n.in\n"
}

# A comment as text: blank lines part paragraphs, what is indented stays as it is. A heading needs no
# paragraph behind it.
function comment_text(lines, n, wants_pp,	i, line, text)
{
	text = ""
	for (i = 1; i <= n; i++) {
		line = lines[i]
		if (line == "") {
			text = text literal(0)
			wants_pp = wants_pp || text != ""
			continue
		}
		if (line ~ /^   /) {
			text = text literal(1)
			sub(/^ +/, "", line)
			text = text escaped(line) "\n"
			continue
		}
		text = text literal(0)
		if (match(line, /^(Returns|Owns|Threads|Owns, Threads): */)) {
			text = text ".TP\n.B " substr(line, 1, index(line, ":") - 1) "\n"
			line = substr(line, RLENGTH + 1)
			wants_pp = 0
		} else if (wants_pp) {
			text = text ".PP\n"
			wants_pp = 0
		}
		if (line != "")
			text = text prose(line) "\n"
	}
	return text literal(0)
}

# What was declared below the last comment.
function flush_block(	i, line, heading, code, names, name, is_code, proto)
{
	heading = code = names = proto = ""
	for (i = 1; i <= nr_code; i++) {
		line = code_lines[i]
		if (line ~ /^[a-z].*[ *]ublk_[a-z_0-9]*\(/ && line !~ /^typedef/) {
			name = line
			sub(/\(.*/, "", name)
			sub(/.*[ *]/, "", name)
			names = names (names ? ", " : "") name
			functions = functions ", " name
			is_code = 0
		} else if (line !~ /^[ \t]/ || is_struct) {
			is_code = line !~ /^[a-z].*;$/ || line ~ /^(typedef|struct [a-z_]+;)/ || is_struct
		}
		if (line ~ /^struct [a-z_]+ \{/ || line ~ /^#define.*\\$/)
			is_struct = is_code = 1
		if (is_code) {
			code = code escaped(line) "\n"
		} else {
			sub(/ LIBUBLK_PRINTF\([^)]*\)/, "", line)
			proto = proto "\\fB" escaped(line) "\\fP\n"
		}
		if (line ~ /^}/ || line !~ /\\$/ && line ~ /^  *.*}$/)
			is_struct = 0
	}
	if (proto)
		synopsis = synopsis proto ".PP\n"
	if (names)
		heading = names
	else if (match(code, /(^|\n)struct [a-z_]+ /))
		heading = substr(code, RSTART + (substr(code, RSTART, 1) == "\n"), RLENGTH)
	sub(/\n/, "", heading)
	if (nr_comment || code) {
		if (heading)
			body = body ".SS " heading "\n"
		if (nr_comment)
			body = body comment_text(comment_lines, nr_comment, !heading && body intro)
		if (code)
			body = body (nr_comment || !heading && body intro ? ".PP\n" : "") ".nf\n" code ".fi\n"
	}
	nr_code = nr_comment = is_struct = 0
}

function flush_page(	file, name)
{
	flush_block()
	if (!title)
		return
	name = page_of(title)
	file = out "/" name ".3"
	printf ".\\\" SPDX-License-Identifier: MIT OR LGPL-2.1-or-later\n" >file
	printf ".\\\" Made from ublk.h.\n.TH %s 3 %s \"ublk %s\" \"libublk\"\n", name, date, version >file
	sub(/^The /, "the ", title)
	printf ".SH NAME\n%s%s \\- %s\n", name, functions, tolower(substr(title, 1, 1)) substr(title, 2) >file
	printf ".SH SYNOPSIS\n.nf\n\\fB#include <ublk.h>\\fP\n.PP\n%s.fi\n", synopsis >file
	printf ".SH DESCRIPTION\n%s%s", intro, body >file
	printf ".SH SEE ALSO\n.BR libublk (3)\n" >file
	close(file)
	# every function has a page that leads here
	while (match(functions, /ublk_[a-z_0-9]+/)) {
		file = out "/" substr(functions, RSTART, RLENGTH) ".3"
		functions = substr(functions, RSTART + RLENGTH)
		print ".so man3/" name ".3" >file
		close(file)
	}
	synopsis = body = intro = functions = title = ""
}

/^\/\* ----------/ {
	flush_page()
	in_title = 1
	next
}
in_title {
	if ($0 ~ /^ \*\/$/) {
		in_title = 0
		intro = comment_text(intro_lines, nr_intro, 0)
		nr_intro = 0
		next
	}
	sub(/^ \* ?/, "")
	if (!title)
		title = $0
	else
		intro_lines[++nr_intro] = ($0 == "*" || $0 == " *") ? "" : $0
	next
}
!title { next }
/^#ifdef __cplusplus/ { exit }
# a comment of several lines, or of one
/^\/\*/ {
	if (nr_code)
		flush_block()
	else if (nr_comment)
		comment_lines[++nr_comment] = ""
	line = $0
	sub(/^\/\* ?/, "", line)
	in_comment = line !~ /\*\/$/
	sub(/ ?\*\/$/, "", line)
	if (line != "")
		comment_lines[++nr_comment] = line
	next
}
in_comment {
	line = $0
	if (line ~ /\*\/$/)
		in_comment = 0
	sub(/ ?\*\/$/, "", line)
	sub(/^ \* ?/, "", line)
	sub(/^ \*$/, "", line)
	if (line != "" || in_comment)
		comment_lines[++nr_comment] = line
	next
}
/^$/ {
	if (is_open)
		code_lines[++nr_code] = ""
	else if (nr_code || nr_comment)
		flush_block()
	next
}
{
	code_lines[++nr_code] = $0
	if ($0 ~ /\{( \\)?$/)
		is_open = 1
	if ($0 ~ /^}/ || $0 ~ /}$/)
		is_open = 0
}
END {
	flush_page()
	exit failed
}
