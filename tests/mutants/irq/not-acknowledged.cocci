// SPDX-License-Identifier: GPL-2.0-or-later
// The local APIC is never told that a device's interrupt was taken.
@@ @@
apic_ack_irq(...)
{
+ return;
...
}
