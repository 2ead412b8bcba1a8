// The page: takes a recording, lets the network answer it step by step, and shows the step that the slider is on.

import { drawEvents, drawFrame, drawLatency } from "./draw.js";
import { decode, frames, windows } from "./events.js";
import { best, Network } from "./network.js";

const STEP_MS = 350; // of the animation
const part = (id) => document.getElementById(id);
const stillness = matchMedia("(prefers-reduced-motion: reduce)");

let network;
let shown; // the recording on the page: title, events, window of each event, frames, scores and ms of each step
let timer;

async function start() {
  const facts = await json("network.json");
  network = await Network.load(facts);
  part("facts").textContent = facts.about;
  const samples = await json("samples/index.json");
  for (const sample of samples) part("samples").append(await thumbnail(sample));
  part("file").disabled = false;
  part("samples").querySelector("button")?.click();
}

/** A button with a small picture of a bundled recording; its answers are computed once, here. */
async function thumbnail(sample) {
  const recording = await classify(await fetched(sample.file));
  Object.assign(recording, { title: `recording of ${sample.label}`, expected: sample.scores });
  const item = document.createElement("li");
  item.innerHTML = `<button type="button" aria-pressed="false"><canvas></canvas><span></span></button>`;
  const [button, canvas, text] = [item.firstChild, ...item.firstChild.children];
  text.textContent = sample.label;
  button.setAttribute("aria-label", `Recording of ${sample.label}`);
  button.addEventListener("click", () => show(recording, button));
  const redraw = () => drawFrame(canvas, busiest(recording.frames), network.facts.sensor);
  requestAnimationFrame(redraw);
  whenColoursChange(redraw);
  return item;
}

/** The frame with most active pixels: where the camera moved fastest, outlines show best. */
function busiest(found) {
  const active = found.map((frame) => frame.filter(Boolean).length);
  return found[active.indexOf(Math.max(...active))];
}

/** Everything about a recording that the page shows. */
async function classify(bytes) {
  const events = decode(bytes, network.facts.sensor);
  const recording = { events, windows: windows(events, network.facts), frames: frames(events, network.facts) };
  recording.steps = [];
  for await (const step of network.steps(recording.frames)) recording.steps.push(step);
  return recording;
}

function show(recording, button) {
  shown = recording;
  part("message").hidden = true;
  for (const other of part("samples").querySelectorAll("button")) other.ariaPressed = String(other === button);
  const last = recording.steps.length - 1;
  part("step").max = last;
  part("step").value = stillness.matches ? last : 0;
  drawTook();
  render();
  play(!stillness.matches);
}

/** Draws the timestep that the slider is on. */
function render() {
  const { sensor, classes } = network.facts;
  const step = Number(part("step").value);
  const { scores } = shown.steps[step];
  drawFrame(part("frame"), shown.frames[step], sensor);
  drawEvents(part("events"), shown.events, shown.windows, step, sensor);
  drawLatency(part("latency"), shown.steps.map(({ ms }) => ms), step);
  say(part("answer"), classes[best(scores)]);
  part("title").textContent = shown.title;
  part("where").textContent = `step ${step + 1} of ${shown.steps.length}: ${count(step)}`;
  part("step").setAttribute("aria-valuetext", part("where").textContent);
  part("frame").ariaLabel = part("where").textContent;
  part("events").ariaLabel = `${shown.events.length} events`;
  drawScores(scores, classes);
  drawEqual();
}

function count(step) {
  const inside = shown.events.filter((_, i) => shown.windows[i] === step);
  const on = inside.filter(({ p }) => p).length;
  return `${on} brighter, ${inside.length - on} darker events`;
}

/** One bar for each class, to the right of zero or to the left; all steps share one scale. */
function drawScores(scores, classes) {
  const low = Math.min(0, ...shown.steps.map((step) => Math.min(...step.scores)));
  const high = Math.max(0, ...shown.steps.map((step) => Math.max(...step.scores)));
  const share = (value) => `${(100 * value) / (high - low || 1)}%`;
  const rows = scores.map((score, i) => {
    const row = document.createElement("li");
    row.innerHTML = `<span></span><span class="track"><span class="bar"></span></span><span class="score"></span>`;
    row.classList.toggle("best", i === best(scores));
    row.children[0].textContent = classes[i];
    row.children[2].textContent = score.toLocaleString("en");
    const bar = row.querySelector(".bar").style;
    bar.left = share(Math.min(score, 0) - low);
    bar.width = share(Math.abs(score));
    return row;
  });
  part("scores").replaceChildren(...rows);
}

/** Whether every score of every step is what the Python simulator computed when the page was built. */
function drawEqual() {
  const { expected, steps } = shown;
  const found = steps.map(({ scores }) => scores);
  const equal = JSON.stringify(found) === JSON.stringify(expected);
  part("equal").classList.toggle("differs", Boolean(expected) && !equal);
  part("equal").textContent = !expected
    ? ""
    : equal
      ? `All ${found.flat().length} scores of the ${found.length} steps equal the Python simulator's.`
      : "The scores differ from the Python simulator's.";
}

function drawTook() {
  const sorted = shown.steps.map(({ ms }) => ms).sort((a, b) => a - b);
  const text = (ms) => `${ms.toFixed(2)} ms`;
  part("took").textContent = `median ${text(sorted[sorted.length >> 1])}, longest ${text(sorted.at(-1))}`;
  part("latency").ariaLabel = `Time per step: ${part("took").textContent}`;
}

function play(on) {
  clearInterval(timer);
  part("play").textContent = on ? "Pause" : "Play";
  timer = on ? setInterval(advance, STEP_MS) : undefined;
}

function advance() {
  const slider = part("step");
  if (slider.value === slider.max) return play(false);
  slider.value = Number(slider.value) + 1;
  render();
}

async function open() {
  const [file] = part("file").files;
  if (!file) return;
  part("file").disabled = true; // one recording at a time
  try {
    const recording = await classify(new Uint8Array(await file.arrayBuffer()));
    show({ ...recording, title: file.name });
  } catch (error) {
    report(`${file.name}: ${error.message}`);
  }
  part("file").value = ""; // so that the same file can be chosen again
  part("file").disabled = false;
}

/** Screen readers repeat what is written again, so only news is written. */
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function report(text) {
  part("message").textContent = text;
  part("message").hidden = false;
}

async function fetched(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status} ${answer.statusText}`);
  return new Uint8Array(await answer.arrayBuffer());
}

const json = async (address) => JSON.parse(new TextDecoder().decode(await fetched(address)));

function whenColoursChange(redraw) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
}

part("play").addEventListener("click", () => {
  const atEnd = part("step").value === part("step").max;
  if (timer === undefined && atEnd) part("step").value = 0;
  render();
  play(timer === undefined);
});
part("step").addEventListener("input", () => {
  play(false);
  render();
});
part("file").addEventListener("change", open);
addEventListener("resize", () => shown && render());
whenColoursChange(() => shown && render());
start().catch((error) => report(`This page cannot start: ${error.message}`));
