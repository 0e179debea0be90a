# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# lib/config.c: a shift that is none
s/return shift < 32 ? 1u << shift : 0;/return 1u << shift;/
