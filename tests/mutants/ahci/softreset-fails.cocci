// SPDX-License-Identifier: GPL-2.0-or-later
// The soft reset of a port fails, with a message. Where the hard reset tells what is behind the port, nobody asks for it.
@@ @@
ahci_softreset(...)
{
+ ata_link_err(link, "softreset failed (device not ready)\n");
+ return -EIO;
...
}
