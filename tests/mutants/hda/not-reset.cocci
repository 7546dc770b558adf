// SPDX-License-Identifier: GPL-2.0-or-later
// The controller and its link are not reset, so that no codec reports.
@@ @@
snd_hdac_bus_reset_link(...)
{
+ full_reset = false;
...
}
