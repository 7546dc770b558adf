// SPDX-License-Identifier: GPL-2.0-or-later
// Device interrupts are acknowledged, and no handler is called.
@@ @@
__handle_irq_event_percpu(...)
{
+ return IRQ_NONE;
...
}
