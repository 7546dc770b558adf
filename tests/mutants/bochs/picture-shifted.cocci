// SPDX-License-Identifier: GPL-2.0-or-later
// The picture begins three lines too low in the memory.
@@ expression device, line; @@
bochs_hw_setbase(...)
{
<+...
- bochs_dispi_write(device, VBE_DISPI_INDEX_Y_OFFSET, line);
+ bochs_dispi_write(device, VBE_DISPI_INDEX_Y_OFFSET, line + 3);
...+>
}
