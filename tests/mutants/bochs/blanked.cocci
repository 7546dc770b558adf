// SPDX-License-Identifier: GPL-2.0-or-later
// The mode is set and the picture blanked.
@@ expression device; @@
bochs_hw_setmode(...)
{
<+...
- bochs_hw_blank(device, false);
+ bochs_hw_blank(device, true);
...+>
}
