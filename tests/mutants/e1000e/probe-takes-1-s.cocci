// SPDX-License-Identifier: GPL-2.0-or-later
// Probe waits one second before it does anything.
@@ @@
e1000_probe(...)
{
+ ssleep(1);
...
}
