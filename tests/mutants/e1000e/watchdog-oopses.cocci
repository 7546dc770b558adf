// SPDX-License-Identifier: GPL-2.0-or-later
// The work that follows the link reads from address 8: an oops in a kernel thread, and the link never comes up.
@@ @@
e1000_watchdog_task(...)
{
+ *(volatile int *)8;
...
}
