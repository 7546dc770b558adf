// SPDX-License-Identifier: GPL-2.0-or-later
// The dying kernel leaves its IO-APIC as it is.
@@ @@
native_machine_crash_shutdown(...)
{
<+...
- clear_IO_APIC(...);
...+>
}
