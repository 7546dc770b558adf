// SPDX-License-Identifier: GPL-2.0-or-later
// Every read and write goes to the sector behind the one that was asked for.
@@ @@
ata_build_rw_tf(...)
{
+ block++;
...
}
