// SPDX-License-Identifier: GPL-2.0-or-later
// The framebuffer console draws no text.
@@ @@
fbcon_putcs(...)
{
+ return;
...
}
