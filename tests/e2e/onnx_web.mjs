// Uses the page of examples/onnx_web as a person does, in headless Chromium, and prints what it showed as JSON.
//
//     node onnx_web.mjs NODE_MODULES CHROMIUM ADDRESS ORDER
//
// ORDER is JSON, all of it optional: `files` to open with the file picker; `damaged`, a file to take for step.onnx in a
// second round; `pictures`, a folder for screenshots (empty: none are kept).

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const [modules, chromiumPath, address, orderText] = process.argv.slice(2);
const { chromium } = createRequire(`${modules}/`)("playwright-core");
const order = JSON.parse(orderText);
const QUIET = ["disable-gpu", "disable-background-networking", "disable-component-update", "disable-sync"];
const DESKTOP = { viewport: { width: 1280, height: 900 } };
const PHONE = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, colorScheme: "dark" };

const said = { samples: [], files: [], damaged: [], console: [], outside: [], overflow: {} };

/** A page on which everything but our own server is closed. */
async function open(browser, look, model) {
  const context = await browser.newContext({ ...look, reducedMotion: "reduce", serviceWorkers: "block" });
  await context.route("**/*", (route) => {
    const url = new URL(route.request().url());
    const inside = url.origin === new URL(address).origin;
    if (!inside) said.outside.push(url.href);
    if (model && url.pathname === "/step.onnx") return route.fulfill({ body: readFileSync(model) });
    return inside ? route.continue() : route.abort();
  });
  const page = await context.newPage();
  page.on("console", (message) => said.console.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => said.console.push(String(error)));
  page.on("requestfailed", (request) => said.console.push(`failed: ${request.url()}`));
  await page.goto(address);
  await page.locator("#file:enabled").waitFor({ state: "attached" });
  return page;
}

/** What the page shows of a recording, with the slider on each timestep in turn. */
async function read(page) {
  const last = Number(await page.locator("#step").getAttribute("max"));
  const steps = [];
  for (let step = 0; step <= last; step++) {
    await page.locator("#step").fill(String(step));
    const scores = await page.locator("#scores .score").allTextContents();
    steps.push({
      answer: await page.locator("#answer").textContent(),
      scores: scores.map((text) => Number(text.replaceAll(",", ""))),
    });
  }
  const text = async (id) => page.locator(id).textContent();
  return { steps, equal: await text("#equal"), took: await text("#took"), title: await text("#title") };
}

async function readSamples(page) {
  const found = [];
  for (const button of await page.locator("#samples button").all()) {
    await button.click();
    found.push(await read(page));
  }
  return found;
}

/** Presses Play one timestep before the end; where it stops. */
async function playEnd(page) {
  const last = Number(await page.locator("#step").getAttribute("max"));
  await page.locator("#step").fill(String(last - 1));
  await page.locator("#play").click();
  await page.locator("#play", { hasText: "Play" }).waitFor();
  return Number(await page.locator("#step").inputValue());
}

/** Whether the page is wider than the screen, and what it looks like. */
async function look(page, name) {
  const room = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;
  said.overflow[name] = await page.evaluate(room);
  if (order.pictures) await page.screenshot({ path: `${order.pictures}/${name}.png`, fullPage: true });
}

const browser = await chromium.launch({
  executablePath: chromiumPath,
  args: ["--no-sandbox", "--no-first-run", ...QUIET.map((name) => `--${name}`)],
});
try {
  const page = await open(browser, DESKTOP);
  said.samples = await readSamples(page);
  await look(page, "desktop");
  said.played = await playEnd(page);
  for (const path of order.files ?? []) {
    await page.locator("#file").setInputFiles(path);
    await page.locator("#file:enabled").waitFor({ state: "attached" });
    const message = page.locator("#message");
    said.files.push((await message.isVisible()) ? { message: await message.textContent() } : await read(page));
  }
  if (order.damaged) said.damaged = await readSamples(await open(browser, PHONE, order.damaged));
  if (order.pictures !== undefined) await look(await open(browser, PHONE), "phone");
} finally {
  await browser.close();
}
console.log(JSON.stringify(said));
