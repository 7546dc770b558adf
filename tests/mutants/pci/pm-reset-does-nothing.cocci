// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's reset by D3hot waits, reports success and leaves the device in D0.
@@ @@
pci_pm_reset(...)
{
<+...
- pci_write_config_word(...);
...+>
}
