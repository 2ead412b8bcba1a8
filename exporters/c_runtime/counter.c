/* Answers with clock ticks: those of an empty measurement (u32 low, u32 high), then for each sample and step those of one
 * call of NAME_step. Compiled as a user would, without -DNAME_DEBUG. */
#include "clock.h"
#include "request.h"

static int put(const uint32_t ticks[2])
{
    return io_write(ticks, 8u) ? IO_OK : IO_BAD_REQUEST;
}

int begin(void)
{
    uint32_t ticks[2];
    clock_start();
    clock_stop(ticks);
    return put(ticks);
}

int advance(NET(t) *net, const NET(index_t) *events, uint32_t count)
{
    uint32_t ticks[2];
    int answer;
    clock_start();
    answer = NET(step)(net, events, count);
    clock_stop(ticks);
    return answer < 0 ? IO_REFUSED : put(ticks);
}
