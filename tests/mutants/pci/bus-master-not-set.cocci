// SPDX-License-Identifier: GPL-2.0-or-later
// No driver's call sets Bus Master. The dead kernel left it on; the early handoff of xHCI turns it off, so that one does no work.
@@ @@
__pci_set_master(...)
{
+ if (enable)
+ return;
...
}
