/* What a program does with a request; request.c reads it and calls these. */
#ifndef NEURODEPLOY_REQUEST_H
#define NEURODEPLOY_REQUEST_H

#include "io.h"
#include "model.h" /* includes NAME.h and defines NET(x) as NAME_x */

int begin(void);                                                          /* before the first sample; IO_OK or why not */
int advance(NET(t) *net, const NET(index_t) *events, uint32_t count); /* one timestep, with its answer; likewise */

#endif
