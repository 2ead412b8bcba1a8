// Canvas drawings. Colours come from the style sheet, so that light and dark need no code.

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** A 2D context in CSS pixels, as sharp as the screen, cleared; with its width and height. */
function context(canvas) {
  const { width, height } = canvas.getBoundingClientRect();
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  return { pen, width, height };
}

/** Pixels of one frame (polarity, y, x): darker, brighter, or both. */
export function drawFrame(canvas, frame, [rows, columns]) {
  const { pen, width, height } = context(canvas);
  const side = Math.min(width / columns, height / rows);
  const [left, top] = [(width - side * columns) / 2, (height - side * rows) / 2];
  const colours = [null, colour("off"), colour("on"), colour("both")];
  const cells = rows * columns;
  for (let cell = 0; cell < cells; cell++) {
    const kind = (frame[cell] ? 1 : 0) + (frame[cells + cell] ? 2 : 0);
    if (!kind) continue;
    pen.fillStyle = colours[kind];
    const gap = side > 4 ? 0.5 : 0;
    pen.fillRect(left + (cell % columns) * side, top + Math.floor(cell / columns) * side, side - gap, side - gap);
  }
}

/** Every event as a dot, time to the right and row of the sensor downwards; those outside window `step` are faint. */
export function drawEvents(canvas, events, steps, step, [rows]) {
  const { pen, width, height } = context(canvas);
  const first = events[0].t;
  const span = Math.max(events.at(-1).t - first, 1);
  const place = ({ t }) => ((t - first) / span) * (width - 2);
  const inside = events.filter((_, i) => steps[i] === step);
  if (inside.length) {
    pen.fillStyle = colour("window");
    pen.fillRect(place(inside[0]), 0, place(inside.at(-1)) - place(inside[0]) + 2, height);
  }
  const [off, on] = [colour("off"), colour("on")];
  const side = Math.max(height / rows - 1, 1);
  events.forEach((event, i) => {
    pen.globalAlpha = steps[i] === step ? 0.9 : 0.22;
    pen.fillStyle = event.p ? on : off;
    pen.fillRect(place(event), (event.y * height) / rows, 2, side);
  });
}

/** One column for each timestep, as high as it took long. */
export function drawLatency(canvas, ms, step) {
  const { pen, width, height } = context(canvas);
  const longest = Math.max(...ms);
  const room = width / ms.length;
  const gap = Math.min(room / 4, 8);
  ms.forEach((value, i) => {
    const size = Math.max((value / longest) * height, 1);
    pen.fillStyle = colour(i === step ? "accent" : "faint");
    pen.fillRect(i * room + gap / 2, height - size, room - gap, size);
  });
}
