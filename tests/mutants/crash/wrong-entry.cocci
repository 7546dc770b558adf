// SPDX-License-Identifier: GPL-2.0-or-later
// The dying kernel jumps 64 KiB behind the capture kernel's beginning.
@@ @@
machine_kexec(...)
{
+ image->start += 0x10000;
...
}
