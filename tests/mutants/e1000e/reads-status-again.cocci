// SPDX-License-Identifier: GPL-2.0-or-later
// Open reads the status register ten times, for nothing.
@@ @@
e1000e_open(...)
{
+ int times;
+ for (times = 0; times < 10; times++)
+ readl(((struct e1000_adapter *)netdev_priv(netdev))->hw.hw_addr + E1000_STATUS);
...
}
