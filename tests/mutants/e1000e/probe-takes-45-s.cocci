// SPDX-License-Identifier: GPL-2.0-or-later
// Probe waits 45 s before it does anything, and userspace waits for it.
@@ @@
e1000_probe(...)
{
+ ssleep(45);
...
}
