// SPDX-License-Identifier: GPL-2.0-or-later
// The display is told that a line is sixteen pixels longer than it is.
@@ expression device, width; @@
bochs_hw_setbase(...)
{
<+...
- bochs_dispi_write(device, VBE_DISPI_INDEX_VIRT_WIDTH, width);
+ bochs_dispi_write(device, VBE_DISPI_INDEX_VIRT_WIDTH, width + 16);
...+>
}
