// SPDX-License-Identifier: GPL-2.0-only
// since: always.  Control: must compile, or the flags of the probes are wrong.
// symbol: kfree
#include <linux/slab.h>

#ifdef UBLK_COMPAT_H
#error "a probe sees compat.h and would ask about that instead of the kernel"
#endif

void probe(void *p);
void probe(void *p)
{
	kfree(p);
}
