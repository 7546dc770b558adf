// SPDX-License-Identifier: GPL-2.0-or-later
// The dying kernel leaves the HPET on.
@@ @@
native_machine_crash_shutdown(...)
{
<+...
- hpet_disable(...);
...+>
}
