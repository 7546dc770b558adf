// SPDX-License-Identifier: GPL-2.0-or-later
// The driver speaks at information level of errors, faults, resets and timeouts, and means nothing by it.
@@ @@
e1000_probe(...)
{
+ dev_info(&pdev->dev, "error reporting enabled, no fault found, reset timeout 20 s\n");
...
}
