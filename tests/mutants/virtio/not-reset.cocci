// SPDX-License-Identifier: GPL-2.0-or-later
// Status 0 is never written: the device keeps its queues of the dead kernel.
@@ @@
vp_reset(...)
{
...
- vp_modern_set_status(...);
...
- while (vp_modern_get_status(...)) msleep(...);
...
}
