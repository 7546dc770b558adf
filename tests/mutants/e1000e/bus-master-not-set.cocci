// SPDX-License-Identifier: GPL-2.0-or-later
// Probe does not set Bus Master. The dead kernel left it on.
@@ @@
e1000_probe(...)
{
<+...
- pci_set_master(...);
...+>
}
