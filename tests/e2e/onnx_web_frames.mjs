// Reads cases {bytes (base64), settings} as JSON from stdin; prints the frames (hex) or the message of each.
//
//     node onnx_web_frames.mjs EVENTS_JS

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { decode, frames } = await import(pathToFileURL(process.argv[2]));
const answers = JSON.parse(readFileSync(0)).map(({ bytes, settings }) => {
  try {
    const events = decode(new Uint8Array(Buffer.from(bytes, "base64")), settings.sensor);
    return { frames: Buffer.concat(frames(events, settings)).toString("hex") };
  } catch (error) {
    return { message: error.message };
  }
});
console.log(JSON.stringify(answers));
