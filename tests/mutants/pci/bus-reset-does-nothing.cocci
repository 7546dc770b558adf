// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's secondary bus reset waits, reports success and never sets the bit.
@@ expression ctrl; @@
pci_reset_secondary_bus(...)
{
<+...
- ctrl |= PCI_BRIDGE_CTL_BUS_RESET;
...+>
}
