# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
#
# Takes C apart: -v want=code prints each line without its comments, want=comments
# prints the comments only, with "file:line: " before each line.  Strings and
# character constants belong to the code and are kept as they are.

FNR == 1 { in_comment = 0 }

{
	code = ""; comment = ""
	in_line_comment = 0; quote = ""
	n = length($0)
	for (i = 1; i <= n; i++) {
		c = substr($0, i, 1)
		two = substr($0, i, 2)
		if (in_comment) {
			if (two == "*/") { in_comment = 0; i++; comment = comment " " }
			else comment = comment c
		} else if (quote != "") {
			code = code c
			if (c == "\\") { i++; code = code substr($0, i, 1) }
			else if (c == quote) quote = ""
		} else if (two == "/*") {
			in_comment = 1; i++; code = code " "
		} else if (two == "//") {
			comment = comment substr($0, i + 2)
			break
		} else {
			if (c == "\"" || c == "'") quote = c
			code = code c
		}
	}
	if (want == "code")
		print code
	else if (comment != "")
		print FILENAME ":" FNR ": " comment
}
