// SPDX-License-Identifier: GPL-2.0-or-later
// A device's message is taken, and no handler is called.
@@ @@
__handle_irq_event_percpu(...)
{
+ if (desc->irq_data.irq >= 24)
+ return IRQ_NONE;
...
}
