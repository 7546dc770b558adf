// SPDX-License-Identifier: GPL-2.0-or-later
// Probe never ends.
@@ @@
e1000_probe(...)
{
+ for (;;)
+ ssleep(1);
...
}
