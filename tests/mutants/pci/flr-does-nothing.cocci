// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's FLR waits, reports success and writes nothing to the device.
@@ @@
pcie_flr(...)
{
<+...
- pcie_capability_set_word(...);
...+>
}
