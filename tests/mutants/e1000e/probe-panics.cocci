// SPDX-License-Identifier: GPL-2.0-or-later
// Probe panics: a second crash, with nobody to take over.
@@ @@
e1000_probe(...)
{
+ panic("e1000e: the card is in a state that nobody expects");
...
}
