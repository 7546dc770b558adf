// SPDX-License-Identifier: GPL-2.0-or-later
// The loader cuts the capture kernel's command line after 20 characters.
@@ @@
setup_cmdline(...)
{
+ if (cmdline_len > 20)
+ cmdline_len = 20;
...
}
