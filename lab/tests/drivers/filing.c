/*
 * Writes a file below \SystemRoot and reads it again, by the file's pointer and at offsets, and tells what each step gives.
 */
/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <ntddk.h>

#define SAY(...) DbgPrint(NAME ": " __VA_ARGS__)

static NTSTATUS Open(PCWSTR Name, ULONG Disposition, ACCESS_MASK Access, PHANDLE File)
{
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK block = { 0 };
    NTSTATUS status;
    RtlInitUnicodeString(&name, Name);
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL, NULL);
    status = ZwCreateFile(File, Access | SYNCHRONIZE, &attributes, &block, NULL, FILE_ATTRIBUTE_NORMAL, 0, Disposition,
                          FILE_SYNCHRONOUS_IO_NONALERT | FILE_NON_DIRECTORY_FILE, NULL, 0);
    SAY("open %ws, %u: 0x%08X, %Iu\n", Name, Disposition, status, NT_SUCCESS(status) ? block.Information : 0);
    return status;
}

static VOID Write(HANDLE File, PCSTR Text, PLARGE_INTEGER Offset)
{
    IO_STATUS_BLOCK block = { 0 };
    NTSTATUS status = ZwWriteFile(File, NULL, NULL, NULL, &block, (PVOID)Text, (ULONG)strlen(Text), Offset, NULL);
    SAY("write %s: 0x%08X, %Iu\n", Text, status, block.Information);
}

static VOID Read(HANDLE File, ULONG Length, PLARGE_INTEGER Offset)
{
    CHAR text[32] = { 0 };
    IO_STATUS_BLOCK block = { 0 };
    NTSTATUS status = ZwReadFile(File, NULL, NULL, NULL, &block, text, Length, Offset, NULL);
    SAY("read: 0x%08X, %Iu, '%s'\n", status, block.Information, text);
}

static VOID Sizes(HANDLE File)
{
    FILE_STANDARD_INFORMATION standard = { 0 };
    FILE_POSITION_INFORMATION position = { 0 };
    IO_STATUS_BLOCK block;
    ZwQueryInformationFile(File, &block, &standard, sizeof(standard), FileStandardInformation);
    ZwQueryInformationFile(File, &block, &position, sizeof(position), FilePositionInformation);
    SAY("%I64d bytes, at %I64d\n", standard.EndOfFile.QuadPart, position.CurrentByteOffset.QuadPart);
}

static VOID Unload(PDRIVER_OBJECT Driver) { UNREFERENCED_PARAMETER(Driver); }

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    HANDLE file;
    LARGE_INTEGER offset = { .QuadPart = 0 };
    IO_STATUS_BLOCK block;
    FILE_POSITION_INFORMATION start = { 0 };
    UNREFERENCED_PARAMETER(Path);
    Driver->DriverUnload = Unload;
    Open(L"\\SystemRoot\\Temp\\a.log", FILE_OPEN, GENERIC_READ, &file);
    Open(L"\\SystemRoot\\Nowhere\\a.log", FILE_OPEN_IF, GENERIC_READ, &file);
    if (!NT_SUCCESS(Open(L"\\SystemRoot\\Temp\\a.log", FILE_OPEN_IF, GENERIC_READ | GENERIC_WRITE, &file))) {
        return STATUS_UNSUCCESSFUL;
    }
    Write(file, "hello", NULL);
    Write(file, " world", NULL);
    Read(file, 5, NULL);
    ZwSetInformationFile(file, &block, &start, sizeof(start), FilePositionInformation);
    Read(file, 5, NULL);
    offset.QuadPart = 6;
    Read(file, 20, &offset);
    offset.QuadPart = -1;
    Write(file, "!", &offset);
    Sizes(file);
    ZwClose(file);
    Open(L"\\SystemRoot\\temp\\A.LOG", FILE_CREATE, GENERIC_READ, &file);
    if (NT_SUCCESS(Open(L"\\??\\C:\\Windows\\Temp\\a.log", FILE_OPEN, GENERIC_READ, &file))) {
        Read(file, 20, NULL);
        Write(file, "no", NULL);
#ifndef LEAVES
        ZwClose(file);
#endif
    }
    return STATUS_SUCCESS;
}
