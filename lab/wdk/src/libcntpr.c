/* What of the kernel's C run-time library is linked in, in the place of the WDK's libcntpr.lib. */
/* SPDX-License-Identifier: MIT OR Apache-2.0 */

/* Compilers refer to it from code with floating-point numbers. */
int _fltused = 1;
