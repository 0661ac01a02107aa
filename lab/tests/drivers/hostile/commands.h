/* What the hostile drivers' commands share. */
#pragma once

/* The control codes: break a rule, or keep it. The input is the command's name. */
#define IOCTL_HOSTILE_BREAK CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_HOSTILE_KEEP CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_BUFFERED, FILE_ANY_ACCESS)

static BOOLEAN IsNamed(PCSTR Name, const CHAR *Input, ULONG Length)
{
    ULONG i;
    for (i = 0; i < Length && Name[i] != 0 && Name[i] == Input[i]; i++) {
    }
    return i == Length && Name[i] == 0;
}
