/* Files of the host through semihosting: the processor stops at a special instruction, QEMU or a debugger does the work.
 * Source: Arm, "Semihosting for AArch32 and AArch64" 2.0; RISC-V, "Semihosting" 0.4 (the same operations). */
#include "io.h"

#define SYS_OPEN 0x01u
#define SYS_CLOSE 0x02u
#define SYS_WRITE 0x05u
#define SYS_READ 0x06u
#define SYS_EXIT_EXTENDED 0x20u
#define MODE_READ 1u  /* "rb" */
#define MODE_WRITE 5u /* "wb" */
#define APPLICATION_EXIT 0x20026u
#define HELD 512u /* bytes passed on at a time; each call stops the processor */

extern uint32_t board_room_start, board_room_end; /* from the linker script */

static uint32_t request_handle, answer_handle; /* 0: not open yet */
static uint8_t request_bytes[HELD], answer_bytes[HELD];
static uint32_t request_at = HELD, request_end = HELD, answer_at;

static uint32_t call(uint32_t operation, const void *arguments)
{
#ifdef __riscv
    register uint32_t result __asm__("a0") = operation;
    register const void *block __asm__("a1") = arguments;
    /* aligned before compressed instructions are forbidden: their padding may take 2 bytes */
    __asm__ volatile(".balign 16\n .option push\n .option norvc\n"
                     "slli x0, x0, 0x1f\n ebreak\n srai x0, x0, 7\n .option pop"
                     : "+r"(result)
                     : "r"(block)
                     : "memory");
#else
    register uint32_t result __asm__("r0") = operation;
    register const void *block __asm__("r1") = arguments;
    __asm__ volatile("bkpt 0xAB" : "+r"(result) : "r"(block) : "memory");
#endif
    return result;
}

static uint32_t call3(uint32_t operation, uint32_t first, const void *second, uint32_t third)
{
    uint32_t block[3];
    block[0] = first;
    block[1] = (uint32_t)(uintptr_t)second;
    block[2] = third;
    return call(operation, block);
}

static uint32_t name_block(const char *name, uint32_t mode)
{
    uint32_t block[3], length = 0;
    while (name[length] != '\0') {
        length++;
    }
    block[0] = (uint32_t)(uintptr_t)name;
    block[1] = mode;
    block[2] = length;
    return call(SYS_OPEN, block);
}

static int used(uint32_t *handle, const char *name, uint32_t mode)
{
    if (*handle == 0u) {
        *handle = name_block(name, mode);
    }
    return *handle != 0u && *handle != 0xFFFFFFFFu;
}

static int fill(void)
{
    uint32_t missing;
    if (!used(&request_handle, IO_REQUEST, MODE_READ)) {
        return 0;
    }
    missing = call3(SYS_READ, request_handle, request_bytes, HELD);
    request_at = 0;
    request_end = missing <= HELD ? HELD - missing : 0u;
    return request_end > 0u;
}

static int flush(void)
{
    uint32_t bytes = answer_at;
    answer_at = 0;
    return bytes == 0u ||
           (used(&answer_handle, IO_ANSWER, MODE_WRITE) && call3(SYS_WRITE, answer_handle, answer_bytes, bytes) == 0u);
}

int io_read(void *to, uint32_t bytes)
{
    uint8_t *at = to;
    while (bytes-- > 0u) {
        if (request_at == request_end && !fill()) {
            return 0;
        }
        *at++ = request_bytes[request_at++];
    }
    return 1;
}

int io_write(const void *from, uint32_t bytes)
{
    const uint8_t *at = from;
    while (bytes-- > 0u) {
        if (answer_at == HELD && !flush()) {
            return 0;
        }
        answer_bytes[answer_at++] = *at++;
    }
    return 1;
}

void *io_room(uint32_t *bytes)
{
    *bytes = (uint32_t)((uintptr_t)&board_room_end - (uintptr_t)&board_room_start);
    return &board_room_start;
}

void io_exit(int status)
{
    uint32_t block[2];
    if (status != IO_FAULT && !flush() && status == IO_OK) {
        status = IO_BAD_REQUEST;
    }
    if (answer_handle != 0u) {
        block[0] = answer_handle;
        call(SYS_CLOSE, block);
    }
    block[0] = APPLICATION_EXIT;
    block[1] = (uint32_t)status;
    call(SYS_EXIT_EXTENDED, block);
    for (;;) {
    }
}
