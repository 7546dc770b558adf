// SPDX-License-Identifier: GPL-2.0-or-later
// The reset before the queues are set is left out. The first write of CC, without EN, does it all the same.
@@ @@
nvme_disable_ctrl(...)
{
+ return 0;
...
}
