// SPDX-License-Identifier: GPL-2.0-or-later
// The keyboard driver decodes what the keyboard sends and reports no key.
@@ identifier f = {atkbd_interrupt, atkbd_receive_byte}; @@
f(...)
{
<+...
- input_event(...);
...+>
}
