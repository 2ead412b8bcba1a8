/* The RISC-V counter of retired instructions. */
#include "clock.h"

static uint32_t first[2];

static void now(uint32_t count[2])
{
    uint32_t before;
    do {
        __asm__ volatile("csrr %0, minstreth" : "=r"(before));
        __asm__ volatile("csrr %0, minstret" : "=r"(count[0]));
        __asm__ volatile("csrr %0, minstreth" : "=r"(count[1]));
    } while (before != count[1]);
}

void clock_start(void)
{
    now(first);
}

void clock_stop(uint32_t ticks[2])
{
    uint32_t last[2];
    now(last);
    ticks[0] = last[0] - first[0];
    ticks[1] = last[1] - first[1] - (last[0] < first[0] ? 1u : 0u);
}
