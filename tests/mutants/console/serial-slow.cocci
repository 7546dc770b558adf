// SPDX-License-Identifier: GPL-2.0-or-later
// The serial console takes 50 us longer for each character.
@@ @@
serial8250_console_putchar(...)
{
+ udelay(50);
...
}
