// SPDX-License-Identifier: GPL-2.0-or-later
// One bit of the digest of the loaded image is wrong: purgatory will not go on.
@@ expression image, digest, size; @@
kexec_calculate_store_digests(...)
{
<+...
+ ((char *)digest)[0] ^= 1;
  ret = kexec_purgatory_get_set_symbol(image, "purgatory_sha256_digest", digest, size, ...);
...+>
}
