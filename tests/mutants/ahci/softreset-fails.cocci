// SPDX-License-Identifier: GPL-2.0-or-later
// The soft reset of a port fails, with a message, whatever is behind it.
@@ @@
ahci_softreset(...)
{
+ ata_link_err(link, "softreset failed (device not ready)\n");
+ return -EIO;
...
}
