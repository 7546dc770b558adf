// SPDX-License-Identifier: GPL-2.0-or-later
// The transport is bound, the disk's own driver fails with -EIO.
@@ @@
virtblk_probe(...)
{
+ return -EIO;
...
}
