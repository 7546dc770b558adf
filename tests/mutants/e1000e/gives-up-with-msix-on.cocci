// SPDX-License-Identifier: GPL-2.0-or-later
// Probe fails and clears Bus Master, and the MSI-X that the dead kernel enabled stays on, since enumeration does
// not turn it off.
@@ @@
e1000_probe(...)
{
+ pci_clear_master(pdev);
+ return -EIO;
...
}

@@ @@
pci_msix_init(...)
{
<+...
- pci_write_config_word(...);
...+>
}
