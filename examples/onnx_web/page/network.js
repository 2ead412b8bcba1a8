// step.onnx in onnxruntime-web: one frame in, scores and new states out.

import * as ort from "./ort/ort.wasm.min.mjs";

ort.env.wasm.numThreads = 1; // more would need a cross-origin isolated page, and layers this small gain nothing
ort.env.wasm.wasmPaths = new URL("./ort/", import.meta.url).href; // beside this page, from no other host

const ARRAYS = { uint8: Uint8Array, int32: Int32Array, int64: BigInt64Array };

export class Network {
  /** Loads what `network.json` describes. */
  static async load(facts) {
    const network = new Network();
    network.facts = facts;
    network.session = await ort.InferenceSession.create(facts.model, { executionProviders: ["wasm"] });
    return network;
  }

  /** Yields `{scores, ms}` after each frame: the scores so far, and how long the step took. */
  async *steps(frames) {
    const { sensor, answer, classes } = this.facts;
    let states = this.#zeros();
    let scores = classes.map(() => 0);
    for (const frame of frames) {
      const start = performance.now();
      const x = new ort.Tensor("uint8", frame, [1, 2, ...sensor]);
      const found = await this.session.run({ x, ...states });
      states = Object.fromEntries(this.facts.states.map(({ input, output }) => [input, found[output]]));
      const output = Array.from(found.output.data, Number); // 64-bit integers come as BigInt
      scores = answer === "sum over time" ? scores.map((score, i) => score + output[i]) : output;
      yield { scores, ms: performance.now() - start };
    }
  }

  /** Every recording starts from states of zero. */
  #zeros() {
    const zero = ({ input, dtype, shape }) => {
      const size = shape.reduce((product, side) => product * side, 1);
      return [input, new ort.Tensor(dtype, new ARRAYS[dtype](size), [1, ...shape])];
    };
    return Object.fromEntries(this.facts.states.map(zero));
  }
}

/** The class with the highest score; the first one wins a tie. */
export const best = (scores) => scores.indexOf(Math.max(...scores));
