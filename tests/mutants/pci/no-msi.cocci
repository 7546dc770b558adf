// SPDX-License-Identifier: GPL-2.0-or-later
// Every driver is refused MSI and MSI-X and falls back to its pin.
@@ @@
pci_msi_supported(...)
{
+ return 0;
...
}
