// SPDX-License-Identifier: GPL-2.0-or-later
// What is to be sent is thrown away, and success is reported.
@@ @@
e1000_xmit_frame(...)
{
+ dev_kfree_skb_any(skb);
+ return NETDEV_TX_OK;
...
}
