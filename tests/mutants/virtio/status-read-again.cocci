// SPDX-License-Identifier: GPL-2.0-or-later
// The reset reads the status back ten times more, for nothing.
@@ expression device; @@
vp_reset(...)
{
...
  vp_modern_set_status(device, ...);
+ { int times; for (times = 0; times < 10; times++) vp_modern_get_status(device); }
...
}
