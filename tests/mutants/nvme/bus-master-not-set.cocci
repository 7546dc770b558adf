// SPDX-License-Identifier: GPL-2.0-or-later
// The driver does not set Bus Master. The dead kernel left it on.
@@ @@
nvme_pci_enable(...)
{
<+...
- pci_set_master(...);
...+>
}
