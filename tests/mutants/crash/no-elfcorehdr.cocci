// SPDX-License-Identifier: GPL-2.0-or-later
// The loader does not tell the capture kernel where the headers of the dump are.
@@ expression text; @@
setup_cmdline(...)
{
<+...
- len = sprintf(text, ...);
...+>
}
