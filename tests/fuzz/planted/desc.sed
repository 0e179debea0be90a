# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# lib/buffer.c: a copy that ends beyond the request
s/|| len > whole - offset)/|| len > whole)/
