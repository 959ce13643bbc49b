// One ONNX file in onnxruntime-web (wasm, one thread) under Node: node engine.mjs FILE
// A line of JSON on stdin, {name: {type, dims, data as base64}}, gives a line with the first output.
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import * as ort from "onnxruntime-web";

const VALUES = { float32: Float32Array, uint8: Uint8Array };

function decode({ type, dims, data }) {
  const bytes = new Uint8Array(Buffer.from(data, "base64")); // a copy of its own: its buffer starts at 0
  return new ort.Tensor(type, new VALUES[type](bytes.buffer), dims);
}

function encode({ type, dims, data }) {
  return { type, dims, data: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64") };
}

ort.env.wasm.numThreads = 1;
const session = await ort.InferenceSession.create(await readFile(process.argv[2]));
for await (const line of createInterface({ input: process.stdin })) {
  const feeds = Object.fromEntries(Object.entries(JSON.parse(line)).map(([name, value]) => [name, decode(value)]));
  const outputs = await session.run(feeds);
  console.log(JSON.stringify(encode(outputs[session.outputNames[0]])));
}
