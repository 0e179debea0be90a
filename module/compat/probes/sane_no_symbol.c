// SPDX-License-Identifier: GPL-2.0-only
// since: never.  Control: declared but not exported must mean "no".
// symbol: ublk_probe_not_exported
void ublk_probe_not_exported(void);
void probe(void);
void probe(void)
{
	ublk_probe_not_exported();
}
