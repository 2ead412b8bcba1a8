/* Files of the C library, in the current folder: for programs on a host. */
#include <stdio.h>
#include <stdlib.h>

#include "io.h"

static uint32_t room[1u << 23];

static int used(FILE **file, const char *name, const char *mode)
{
    if (*file == NULL) {
        *file = fopen(name, mode);
    }
    return *file != NULL;
}

int io_read(void *to, uint32_t bytes)
{
    static FILE *request;
    return used(&request, IO_REQUEST, "rb") && fread(to, 1, bytes, request) == bytes;
}

int io_write(const void *from, uint32_t bytes)
{
    static FILE *answer;
    return used(&answer, IO_ANSWER, "wb") && fwrite(from, 1, bytes, answer) == bytes;
}

void *io_room(uint32_t *bytes)
{
    *bytes = (uint32_t)sizeof room;
    return room;
}

void io_exit(int status)
{
    exit(status);
}
