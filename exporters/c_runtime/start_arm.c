/* From reset to main on a Cortex-M: vectors, initialised data, zeroed data. No assembler, no C library. */
#include "io.h"

extern uint32_t board_data_load, board_data_start, board_data_end, board_zero_start, board_zero_end;

void board_stack_top(void); /* an address, no function: the first vector is the stack */
void start(void);
void set_up(void);
void fault(void);
void clock_wrapped(void) __attribute__((weak, alias("fault")));

typedef void (*vector)(void);

__attribute__((section(".vectors"), used)) static const vector vectors[16] = {
    board_stack_top, start, fault, fault, fault, fault, fault, fault, /* stack, reset, NMI, faults */
    fault, fault, fault, fault, fault, fault, fault, clock_wrapped,            /* the last is SysTick */
};

void fault(void)
{
    io_exit(IO_FAULT);
}

__attribute__((noinline)) void set_up(void)
{
    const uint32_t *from = &board_data_load;
    uint32_t *to;
    for (to = &board_data_start; to < &board_data_end; to++, from++) {
        *to = *from;
    }
    for (to = &board_zero_start; to < &board_zero_end; to++) {
        *to = 0;
    }
    io_exit(main());
}

void start(void)
{
#if __ARM_ARCH >= 7 && defined(__ARM_FP)
    *(volatile uint32_t *)0xE000ED88u |= 0xFu << 20; /* CPACR: vector registers, which even the loops above may use */
    __asm__ volatile("dsb\n isb" ::: "memory");
#endif
    set_up();
}
