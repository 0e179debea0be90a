// SPDX-License-Identifier: GPL-2.0-only
// since: never.  Control: a call of something undeclared must mean "no".
void probe(void);
void probe(void)
{
	ublk_probe_undeclared();
}
