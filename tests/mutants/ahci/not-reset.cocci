// SPDX-License-Identifier: GPL-2.0-or-later
// The controller is not reset. Each port's engine is stopped and started on its own.
@@ @@
ahci_reset_controller(...)
{
<+...
- writel(tmp | HOST_RESET, ...);
...+>
}
