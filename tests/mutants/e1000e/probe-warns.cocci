// SPDX-License-Identifier: GPL-2.0-or-later
// A WARN in probe, without any effect.
@@ @@
e1000_probe(...)
{
+ WARN(1, "e1000e: receive unit still enabled\n");
...
}
