// SPDX-License-Identifier: GPL-2.0-or-later
// A stream is set up and never started.
@@ @@
snd_hdac_stream_start(...)
{
+ return;
...
}
