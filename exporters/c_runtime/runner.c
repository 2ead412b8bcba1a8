/* Answers with everything a network computes: for each sample, step and layer with states its spikes (u8), currents (i32)
 * and voltages (i32), in flat order, little-endian. Compiled with -DNAME_DEBUG. */
#include "request.h"

static int put(int32_t value)
{
    uint32_t bits = (uint32_t)value;
    uint8_t bytes[4];
    bytes[0] = (uint8_t)bits;
    bytes[1] = (uint8_t)(bits >> 8);
    bytes[2] = (uint8_t)(bits >> 16);
    bytes[3] = (uint8_t)(bits >> 24);
    return io_write(bytes, 4u);
}

static int put_layer(const NET(t) *net, uint32_t layer)
{
    uint32_t i, size = NET(layer_size)(layer);
    int fine = 1;
    for (i = 0; fine && i < size; i++) {
        uint8_t spike = (uint8_t)NET(spike)(net, layer, i);
        fine = io_write(&spike, 1u);
    }
    for (i = 0; fine && i < size; i++) {
        fine = put(NET(current)(net, layer, i));
    }
    for (i = 0; fine && i < size; i++) {
        fine = put(NET(voltage)(net, layer, i));
    }
    return fine;
}

int begin(void)
{
    return IO_OK;
}

int advance(NET(t) *net, const NET(index_t) *events, uint32_t count)
{
    uint32_t layer;
    if (NET(step)(net, events, count) < 0) {
        return IO_REFUSED;
    }
    for (layer = 0; layer < NET(NEURON_LAYERS); layer++) {
        if (!put_layer(net, layer)) {
            return IO_BAD_REQUEST;
        }
    }
    return IO_OK;
}
