// SPDX-License-Identifier: GPL-2.0-or-later
// Every read and write goes to the sector behind the one that was asked for.
@@ expression request; @@
virtblk_setup_cmd(...)
{
<+...
- blk_rq_pos(request)
+ (blk_rq_pos(request) + 1)
...+>
}
