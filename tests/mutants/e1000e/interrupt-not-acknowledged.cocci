// SPDX-License-Identifier: GPL-2.0-or-later
// Without MSI: the handler says of every interrupt that it is not its own and leaves the cause in the card.
@@ @@
e1000_intr(...)
{
+ return IRQ_NONE;
...
}
