// SPDX-License-Identifier: GPL-2.0-or-later
// The driver says at error level that it could not quiesce its receiver; it works.
@@ @@
e1000_probe(...)
{
+ dev_err(&pdev->dev, "could not quiesce the receiver (-16)\n");
...
}
