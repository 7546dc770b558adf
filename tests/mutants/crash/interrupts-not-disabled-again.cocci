// SPDX-License-Identifier: GPL-2.0-or-later
// The shutdown of a crash does not disable interrupts, which a panic has disabled before.
@@ @@
native_machine_crash_shutdown(...)
{
<+...
- local_irq_disable(...);
...+>
}
