/* Reads samples and feeds them to a network, each from its reset.
 *
 * Request: u32 IO_MAGIC, steps, samples; then for each sample and step u32 n and n input indices (u32), little-endian. */
#include "request.h"

static NET(t) net;

static int step(NET(index_t) *events, uint32_t room)
{
    uint32_t count, index, i;
    if (!io_read(&count, 4u)) {
        return IO_BAD_REQUEST;
    }
    if (count > room) {
        return IO_NO_ROOM;
    }
    for (i = 0; i < count; i++) {
        if (!io_read(&index, 4u)) {
            return IO_BAD_REQUEST;
        }
        events[i] = (NET(index_t))index;
    }
    return advance(&net, events, count);
}

int main(void)
{
    uint32_t header[3], sample, time, bytes;
    NET(index_t) *events = io_room(&bytes);
    int status = begin();
    if (!io_read(header, sizeof header) || header[0] != IO_MAGIC) {
        return IO_BAD_REQUEST;
    }
    for (sample = 0; sample < header[2]; sample++) {
        NET(reset)(&net);
        for (time = 0; status == IO_OK && time < header[1]; time++) {
            status = step(events, bytes / (uint32_t)sizeof *events);
        }
    }
    return status;
}
