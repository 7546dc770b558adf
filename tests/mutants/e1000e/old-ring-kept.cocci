// SPDX-License-Identifier: GPL-2.0-or-later
// No reset at all, and open does not give the card the address of its own receive ring: it goes on in the dead
// kernel's.
@@ expression hw; @@
- hw.mac.ops.reset_hw(...);

@@ @@
e1000e_reset(...)
{
+ return;
...
}

@@ @@
e1000_configure_rx(...)
{
<+...
(
- ew32(RDBAL(0), ...);
|
- ew32(RDBAH(0), ...);
)
...+>
}
