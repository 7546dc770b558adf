// SPDX-License-Identifier: GPL-2.0-or-later
// The serial port loses every tenth character that the kernel prints.
@@ @@
serial8250_console_putchar(...)
{
+ static unsigned int sent;
+ if (++sent % 10 == 0)
+ return;
...
}
