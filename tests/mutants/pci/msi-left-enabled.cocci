// SPDX-License-Identifier: GPL-2.0-or-later
// Enumeration does not turn off the MSI and MSI-X that the dead kernel enabled; each driver does so a moment
// later.
@@ identifier f = {pci_msi_init, pci_msix_init}; @@
f(...)
{
<+...
- pci_write_config_word(...);
...+>
}
