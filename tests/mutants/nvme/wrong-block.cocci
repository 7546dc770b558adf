// SPDX-License-Identifier: GPL-2.0-or-later
// Every read and write goes to the block behind the one that was asked for.
@@ expression ns, position; @@
nvme_setup_rw(...)
{
<+...
- nvme_sect_to_lba(ns, position)
+ (nvme_sect_to_lba(ns, position) + 1)
...+>
}
