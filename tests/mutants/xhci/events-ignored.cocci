// SPDX-License-Identifier: GPL-2.0-or-later
// The interrupt handler takes the interrupt and reads no event.
@@ @@
xhci_irq(...)
{
+ return IRQ_HANDLED;
...
}
