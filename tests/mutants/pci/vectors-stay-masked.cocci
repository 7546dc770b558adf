// SPDX-License-Identifier: GPL-2.0-or-later
// Entries of MSI-X are never unmasked. Those of the dead kernel are, and the kernel keeps each as it found it.
@@ @@
pci_msix_unmask(...)
{
+ return;
...
}
