// SPDX-License-Identifier: GPL-2.0-or-later
// The other CPU is not stopped: it goes on in the dead kernel, beside the capture kernel.
@@ @@
crash_smp_send_stop(...)
{
+ return;
...
}
