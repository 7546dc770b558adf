// SPDX-License-Identifier: GPL-2.0-or-later
// One bit of every frame that is sent is turned, far behind its headers.
@@ @@
e1000_xmit_frame(...)
{
+ if (skb_headlen(skb) > 100)
+ skb->data[100] ^= 1;
...
}
