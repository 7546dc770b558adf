// SPDX-License-Identifier: GPL-2.0-or-later
// Meson compiles a header beforehand for a library, and a library has a source.
