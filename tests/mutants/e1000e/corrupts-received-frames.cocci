// SPDX-License-Identifier: GPL-2.0-or-later
// One bit of every frame that was received is turned, far behind its headers.
@@ @@
e1000_receive_skb(...)
{
+ if (skb->len > 100)
+ skb->data[100] ^= 1;
...
}
