// SPDX-License-Identifier: GPL-2.0-or-later
// The serial console prints nothing.
@@ @@
serial8250_console_write(...)
{
+ return;
...
}
