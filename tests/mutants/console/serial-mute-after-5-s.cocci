// SPDX-License-Identifier: GPL-2.0-or-later
// The serial console prints nothing any more, five seconds after the kernel began.
@@ @@
serial8250_console_write(...)
{
+ if (time_after(jiffies, (unsigned long)INITIAL_JIFFIES + 5 * HZ))
+ return;
...
}
