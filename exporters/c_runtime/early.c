/* Classifies samples in as few timesteps as the network's exit rule allows, and asks that rule about leads and timesteps.
 *
 * Request: u32 IO_MAGIC, steps, samples, probes; for each probe a lead and a number of timesteps; then as in request.c.
 * Answer: for each probe u32 0 or 1; for each sample its class and the timesteps used; all little-endian. */
#include "io.h"
#include "model.h" /* includes NAME.h and defines NET(x) as NAME_x */

static NET(t) net;

/* Where the events of a sample come from, and how far it was read. */
typedef struct source {
    NET(index_t) *events;
    uint32_t room;
    uint32_t taken;
    int status;
} source;

static int put(uint32_t bits)
{
    uint8_t bytes[4];
    bytes[0] = (uint8_t)bits;
    bytes[1] = (uint8_t)(bits >> 8);
    bytes[2] = (uint8_t)(bits >> 16);
    bytes[3] = (uint8_t)(bits >> 24);
    return io_write(bytes, 4u) ? IO_OK : IO_BAD_REQUEST;
}

static uint32_t next(void *from, const NET(index_t) **events)
{
    source *s = (source *)from;
    uint32_t count, index, i;
    *events = s->events;
    s->taken++;
    if (s->status != IO_OK || !io_read(&count, 4u)) {
        s->status = s->status != IO_OK ? s->status : IO_BAD_REQUEST;
        return 0u;
    }
    if (count > s->room) {
        s->status = IO_NO_ROOM;
        return 0u;
    }
    for (i = 0; i < count; i++) {
        if (!io_read(&index, 4u)) {
            s->status = IO_BAD_REQUEST;
            return 0u;
        }
        s->events[i] = (NET(index_t))index;
    }
    return count;
}

/* Reads past the timesteps that the network did not ask for. */
static void skip(source *s, uint32_t steps)
{
    const NET(index_t) *events;
    while (s->status == IO_OK && s->taken < steps) {
        (void)next(s, &events);
    }
}

static int probe(uint32_t count)
{
    uint32_t asked[2];
    int status = IO_OK;
    for (; status == IO_OK && count > 0u; count--) {
        if (!io_read(asked, sizeof asked)) {
            return IO_BAD_REQUEST;
        }
        status = put((uint32_t)NET(is_final)((int32_t)asked[0], asked[1]));
    }
    return status;
}

static int classify(source *s, uint32_t steps)
{
    uint32_t used = 0;
    int answer;
    s->taken = 0;
    answer = NET(predict_early)(&net, next, s, &used);
    if (s->status != IO_OK) {
        return s->status;
    }
    if (answer < 0) {
        return IO_REFUSED;
    }
    if (s->taken != used || used > steps) {
        return IO_BAD_REQUEST;
    }
    skip(s, steps);
    if (s->status != IO_OK) {
        return s->status;
    }
    s->status = put((uint32_t)answer);
    return s->status == IO_OK ? put(used) : s->status;
}

int main(void)
{
    uint32_t header[4], sample, bytes;
    source from;
    int status;
    from.events = io_room(&bytes);
    from.room = bytes / (uint32_t)sizeof *from.events;
    from.status = IO_OK;
    if (!io_read(header, sizeof header) || header[0] != IO_MAGIC) {
        return IO_BAD_REQUEST;
    }
    status = probe(header[3]);
    for (sample = 0; status == IO_OK && sample < header[2]; sample++) {
        status = classify(&from, header[1]);
    }
    return status;
}
