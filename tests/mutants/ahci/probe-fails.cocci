// SPDX-License-Identifier: GPL-2.0-or-later
// Probe returns -EIO and touches nothing.
@@ @@
ahci_init_one(...)
{
+ return -EIO;
...
}
