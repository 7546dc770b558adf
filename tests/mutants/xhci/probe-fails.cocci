// SPDX-License-Identifier: GPL-2.0-or-later
// Probe returns -EIO. The kernel's early fixup has halted the controller.
@@ @@
xhci_pci_probe(...)
{
+ return -EIO;
...
}
