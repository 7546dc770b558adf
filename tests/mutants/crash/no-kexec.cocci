// SPDX-License-Identifier: GPL-2.0-or-later
// A panic does not enter the crash kernel.
@@ @@
__crash_kexec(...)
{
+ return;
...
}
