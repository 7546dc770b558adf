// SPDX-License-Identifier: GPL-2.0-or-later
// Entries of MSI-X are never unmasked. Without irqpoll, which would do the work all the same.
@@ @@
pci_msix_unmask(...)
{
+ return;
...
}
