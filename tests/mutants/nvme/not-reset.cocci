// SPDX-License-Identifier: GPL-2.0-or-later
// CC.EN is never cleared: the controller runs on with the dead kernel's queues.
@@ @@
nvme_disable_ctrl(...)
{
+ return 0;
...
}

@@ @@
nvme_enable_ctrl(...)
{
<+...
- NVME_CC_SHN_NONE
+ (NVME_CC_SHN_NONE | NVME_CC_ENABLE)
...+>
}
