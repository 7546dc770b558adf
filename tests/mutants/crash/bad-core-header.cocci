// SPDX-License-Identifier: GPL-2.0-or-later
// The headers of the dump have a wrong class.
@@ expression header; @@
crash_prepare_elf64_headers(...)
{
<+...
- header->e_ident[EI_CLASS] = ELFCLASS64;
+ header->e_ident[EI_CLASS] = ELFCLASSNONE;
...+>
}
