// SPDX-License-Identifier: GPL-2.0-or-later
// The codec is told another sample rate than the stream has.
@@ @@
snd_hda_codec_setup_stream(...)
{
+ format ^= AC_FMT_BASE_44K;
...
}
