/* Reads event recordings in the N-MNIST format and prints the class that a generated network answers.
 *
 *     cc -std=c99 -O2 -DMODEL=digits -DMODEL_HEADER='"digits.h"' -Iexport digit.c export/digits.c -o digit
 *     ./digit recording.bin ...
 *
 * MODEL is the prefix of the exported network. In a program for one network, write digits_step instead of NET(step).
 *
 * Format: five bytes an event: x, y, then a big-endian number of 24 bits: polarity in the top bit, time in µs below.
 * An event with y = 240 is none: the camera's clock ran over, and 2^13 µs are added to all later times. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include MODEL_HEADER

#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)
#define NET(name) JOIN(MODEL, name)

#if NET(INPUT_HIGH) != 1
#error "an input of this network takes more than one event a timestep: train with data.binary=true"
#endif

#define EVENT_BYTES 5
#define OVERFLOW_ROW 240u
#define OVERFLOW_US (1 << 13)
#define TIME_MASK 0x7FFFFF

typedef struct event {
    int64_t t;             /* µs */
    NET(index_t) input; /* flat index: (polarity * height + y) * width + x */
} event;

/* All bytes of a file, or NULL with a message. */
static uint8_t *read_file(const char *path, size_t *bytes)
{
    FILE *file = fopen(path, "rb");
    long length = -1;
    uint8_t *content = NULL;
    if (file != NULL && fseek(file, 0, SEEK_END) == 0 && (length = ftell(file)) > 0 && fseek(file, 0, SEEK_SET) == 0) {
        content = malloc((size_t)length);
    }
    *bytes = length > 0 ? (size_t)length : 0;
    if (content != NULL && fread(content, 1, *bytes, file) != *bytes) {
        free(content);
        content = NULL;
    }
    if (file != NULL) {
        fclose(file);
    }
    if (content == NULL) {
        fprintf(stderr, "%s: %s\n", path, length == 0 ? "the file is empty" : "it cannot be read");
    }
    return content;
}

/* Events out of the bytes of a file; returns how many, or 0 with a message. */
static size_t decode(const char *path, const uint8_t *bytes, size_t length, event *events)
{
    int64_t overflow = 0;
    size_t count = 0, at;
    if (length % EVENT_BYTES != 0) {
        fprintf(stderr, "%s: the file is cut\n", path);
        return 0;
    }
    for (at = 0; at < length; at += EVENT_BYTES) {
        uint32_t x = bytes[at], y = bytes[at + 1], polarity = bytes[at + 2] >> 7;
        int64_t time = ((int64_t)bytes[at + 2] << 16 | (int64_t)bytes[at + 3] << 8 | bytes[at + 4]) & TIME_MASK;
        if (y == OVERFLOW_ROW && NET(INPUT_HEIGHT) <= OVERFLOW_ROW) {
            overflow += OVERFLOW_US;
            continue;
        }
        time += overflow;
        if (x >= NET(INPUT_WIDTH) || y >= NET(INPUT_HEIGHT) || (count > 0 && time < events[count - 1].t)) {
            fprintf(stderr, "%s: at byte %lu: outside the network's input, or back in time\n", path, (unsigned long)at);
            return 0;
        }
        events[count].t = time;
        events[count].input = (NET(index_t))((polarity * NET(INPUT_HEIGHT) + y) * NET(INPUT_WIDTH) + x);
        count++;
    }
    return count;
}

/* The answer to a recording, or a negative number. Windows are equally long and span the recording, and any number of
 * events at an input of a window is one: neurodeploy's data.window = "duration" and data.binary = true. */
static int classify(const event *events, size_t count, uint32_t *inputs)
{
    static NET(t) net;
    static NET(event_set_t) window;
    int64_t first = events[0].t, span = events[count - 1].t - first + 1;
    size_t at = 0;
    uint32_t step;
    NET(reset)(&net);
    *inputs = 0;
    for (step = 0; step < NET(STEPS); step++) {
        NET(event_set_clear)(&window);
        for (; at < count && (events[at].t - first) * (int64_t)NET(STEPS) / span == (int64_t)step; at++) {
            NET(event_set_add)(&window, events[at].input);
        }
        *inputs += NET(event_set_count)(&window);
        if (NET(step)(&net, NET(event_set_list)(&window), NET(event_set_count)(&window)) < 0) {
            return -1;
        }
    }
    return NET(predict)(&net);
}

static int answer(const char *path)
{
    size_t length, count;
    uint32_t inputs = 0;
    uint8_t *bytes = read_file(path, &length);
    event *events = bytes == NULL ? NULL : malloc((length / EVENT_BYTES + 1) * sizeof *events);
    int class = -1;
    if (events != NULL && (count = decode(path, bytes, length, events)) > 0) {
        class = classify(events, count, &inputs);
    }
    free(events);
    free(bytes);
    if (class >= 0) {
        printf("%d %lu %s\n", class, (unsigned long)inputs, path);
    }
    return class >= 0;
}

int main(int argc, char **argv)
{
    int i, failed = 0;
    if (argc < 2) {
        fprintf(stderr, "usage: %s RECORDING.bin ...\nprints the class, the number of inputs that spiked, the file\n", argv[0]);
        return 2;
    }
    for (i = 1; i < argc; i++) {
        failed |= !answer(argv[i]);
    }
    return failed;
}
