// SPDX-License-Identifier: GPL-2.0-or-later
// The local APIC is never told that a message of a device was taken.
@@ @@
apic_ack_irq(...)
{
+ if (irqd->irq >= 24)
+ return;
...
}
