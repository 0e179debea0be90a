// SPDX-License-Identifier: GPL-2.0-only
// since: 6.3.  VMA flags are changed through a function that takes its lock.
#include <linux/mm.h>

void probe(struct vm_area_struct *vma);
void probe(struct vm_area_struct *vma)
{
	vm_flags_clear(vma, VM_MAYWRITE);
}
