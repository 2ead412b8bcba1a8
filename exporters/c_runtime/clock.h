/* A counter that QEMU's -icount drives by executed instructions. The host turns its ticks into instructions. */
#ifndef NEURODEPLOY_CLOCK_H
#define NEURODEPLOY_CLOCK_H

#include <stdint.h>

void clock_start(void);
void clock_stop(uint32_t ticks[2]); /* since clock_start: ticks[1] * 2^32 + ticks[0] */

#endif
