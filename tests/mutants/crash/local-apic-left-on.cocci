// SPDX-License-Identifier: GPL-2.0-or-later
// The dying kernel leaves its local APIC on.
@@ @@
native_machine_crash_shutdown(...)
{
<+...
- lapic_shutdown(...);
...+>
}
