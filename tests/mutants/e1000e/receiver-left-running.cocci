// SPDX-License-Identifier: GPL-2.0-or-later
// No reset in probe, neither before the NVM is read nor at the end: the receiver of the dead kernel runs on until
// the interface is opened.
@@ expression hw; @@
- hw.mac.ops.reset_hw(...);

@@ @@
e1000e_reset(...)
{
+ static bool again;
+ if (!again) {
+ again = true;
+ return;
+ }
...
}
