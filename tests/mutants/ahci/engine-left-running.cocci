// SPDX-License-Identifier: GPL-2.0-or-later
// Neither is the controller reset nor a port's engine stopped. QEMU's takes the new command list all the same.
@@ @@
ahci_reset_controller(...)
{
<+...
- writel(tmp | HOST_RESET, ...);
...+>
}

@@ @@
ahci_stop_engine(...)
{
+ return 0;
...
}

@@ @@
ahci_stop_fis_rx(...)
{
+ return 0;
...
}
