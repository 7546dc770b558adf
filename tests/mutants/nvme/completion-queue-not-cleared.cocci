// SPDX-License-Identifier: GPL-2.0-or-later
// The completion queue is not cleared before its use. Memory for DMA comes cleared.
@@ @@
nvme_init_queue(...)
{
<+...
- memset(...);
...+>
}
