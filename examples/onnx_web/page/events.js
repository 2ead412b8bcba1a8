// Event files to frames, exactly as neurodeploy/data/formats/nmnist_bin.py and neurodeploy/data/frames.py do it.

const EVENT_BYTES = 5;
const OVERFLOW_ROW = 240; // no pixel: the camera's clock ran over, all later times count 2^13 µs more
const OVERFLOW_US = 2 ** 13;

/**
 * The events of a five-byte file (N-MNIST `.bin`): x, y, then polarity (1 bit) and time in µs (23 bits), big-endian.
 * Throws an Error that names the first bad event.
 */
export function decode(bytes, [height, width]) {
  if (bytes.length === 0) throw new Error("the file is empty");
  const rest = bytes.length % EVENT_BYTES;
  if (rest) throw new Error(`the file is cut: ${rest} bytes left, an event has ${EVENT_BYTES}`);
  const events = [];
  let overflow = 0;
  for (let i = 0; i < bytes.length; i += EVENT_BYTES) {
    const [x, y, high, middle, low] = bytes.subarray(i, i + EVENT_BYTES);
    if (y === OVERFLOW_ROW && height <= OVERFLOW_ROW) {
      overflow += OVERFLOW_US;
      continue;
    }
    const t = (((high & 127) << 16) | (middle << 8) | low) + overflow;
    const before = events.at(-1);
    if (x >= width || y >= height) throw new Error(`at byte ${i}: pixel (${x}, ${y}) lies outside ${width} x ${height}`);
    if (before && t < before.t) throw new Error(`at byte ${i}: time runs backwards, from ${before.t} to ${t} µs`);
    events.push({ t, x, y, p: high >> 7 });
  }
  if (events.length === 0) throw new Error("no events");
  return events;
}

/** The window of each event, 0..timesteps-1; events after the last window get a greater number. */
export function windows(events, { timesteps, window, duration_us }) {
  // Products stay below 2^53, where dividing and flooring doubles is exact.
  if (window === "count") return events.map((_, i) => Math.floor((i * timesteps) / events.length));
  const first = events[0].t;
  const span = duration_us || events.at(-1).t - first + 1;
  return events.map(({ t }) => Math.floor(((t - first) * timesteps) / span));
}

/** One Uint8Array (polarity, y, x) for each timestep: events counted up to `high`, which is 1 for binary frames. */
export function frames(events, settings) {
  const { timesteps, high, sensor: [height, width] } = settings;
  const found = Array.from({ length: timesteps }, () => new Uint8Array(2 * height * width));
  windows(events, settings).forEach((step, i) => {
    if (step >= timesteps) return;
    const { x, y, p } = events[i];
    const cell = (p * height + y) * width + x;
    found[step][cell] = Math.min(found[step][cell] + 1, high);
  });
  return found;
}
