/* SysTick of a Cortex-M: 24 bits, counting down at the processor's clock; its interrupt counts the times it wraps. */
#include "clock.h"

#define SYSTICK_CONTROL (*(volatile uint32_t *)0xE000E010u)
#define SYSTICK_RELOAD (*(volatile uint32_t *)0xE000E014u)
#define SYSTICK_VALUE (*(volatile uint32_t *)0xE000E018u)
#define TOP 0xFFFFFFu

void clock_wrapped(void);

static volatile uint32_t wraps;

void clock_wrapped(void)
{
    wraps++;
}

void clock_start(void)
{
    wraps = 0;
    SYSTICK_RELOAD = TOP;
    SYSTICK_VALUE = 0;   /* any write makes it start from the top */
    SYSTICK_CONTROL = 7; /* on, with interrupt, from the processor's clock */
}

void clock_stop(uint32_t ticks[2])
{
    uint32_t value = SYSTICK_VALUE;
    SYSTICK_CONTROL = 0;
    __asm__ volatile("dsb\n isb" ::: "memory"); /* a wrap that is due is taken here */
    ticks[0] = (wraps << 24) + (TOP - value);
    ticks[1] = wraps >> 8;
}
