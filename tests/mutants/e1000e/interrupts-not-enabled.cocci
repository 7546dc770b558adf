// SPDX-License-Identifier: GPL-2.0-or-later
// Open does not unmask the card's interrupts.
@@ @@
e1000_irq_enable(...)
{
+ return;
...
}
