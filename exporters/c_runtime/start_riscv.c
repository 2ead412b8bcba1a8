/* From reset to main on a RISC-V core: stack, trap vector, initialised data, zeroed data. */
#include "io.h"

extern uint32_t board_data_load, board_data_start, board_data_end, board_zero_start, board_zero_end;

void start(void);
void set_up(void);
void fault(void);

__attribute__((naked, section(".vectors"), used)) void start(void)
{
    __asm__ volatile("la sp, board_stack_top\n la t0, fault\n csrw mtvec, t0\n j set_up");
}

__attribute__((aligned(4))) void fault(void)
{
    io_exit(IO_FAULT);
}

void set_up(void)
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
