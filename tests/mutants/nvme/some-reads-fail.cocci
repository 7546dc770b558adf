// SPDX-License-Identifier: GPL-2.0-or-later
// Every fourth read ends with an error.
@@ @@
nvme_setup_rw(...)
{
+ static unsigned int asked;
+ if (op == nvme_cmd_read && !(++asked & 3))
+ return BLK_STS_IOERR;
...
}
