// SPDX-License-Identifier: GPL-2.0-or-later
// The transport is bound, the network card's own driver fails with -EIO.
@@ @@
virtnet_probe(...)
{
+ return -EIO;
...
}
