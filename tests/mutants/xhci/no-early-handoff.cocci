// SPDX-License-Identifier: GPL-2.0-or-later
// The fixup that halts USB controllers at enumeration does nothing; the driver halts this one a moment later.
@@ @@
quirk_usb_early_handoff(...)
{
+ return;
...
}
