// SPDX-License-Identifier: GPL-2.0-or-later
// The dying kernel stops in its own shutdown and never reaches machine_kexec.
@@ @@
native_machine_crash_shutdown(...)
{
+ for (;;)
+ cpu_relax();
...
}
