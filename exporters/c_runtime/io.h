/* What a test program needs of the world around it: a request to read, an answer to write, memory, an exit status.
 * io_stdio.c does it on a host, io_semihosting.c on an emulated or attached board. */
#ifndef NEURODEPLOY_IO_H
#define NEURODEPLOY_IO_H

#include <stdint.h>

#define IO_REQUEST "request.bin"
#define IO_ANSWER "answer.bin"
#define IO_MAGIC 0x4E445231u /* first word of a request, "1RDN" in the file */

enum io_status {
    IO_OK = 0,
    IO_DIFFERS = 1,     /* a golden value is another one */
    IO_BAD_REQUEST = 2, /* the request ends early or is none, or the answer cannot be written */
    IO_REFUSED = 3,     /* the network refused an input that the request holds */
    IO_NO_ROOM = 4,     /* the events of one timestep do not fit the memory that is left */
    IO_FAULT = 99       /* the processor took an exception */
};

int io_read(void *to, uint32_t bytes);           /* all of them: 1, else 0 */
int io_write(const void *from, uint32_t bytes);  /* likewise */
void *io_room(uint32_t *bytes);                  /* memory that nothing else uses, aligned for uint32_t */
void io_exit(int status);                        /* writes what is still held back; does not return */

int main(void);

#endif
