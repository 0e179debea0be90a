# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# lib/record_json.c: a word of argv that is no string
s/!json_object_is_type(word, json_type_string) ||/!array ||/
