import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { bankCode, blend, loadCode } from "../src/index.js";
import { adainError, temporaryFolder } from "./helpers.js";

/** A .npy file as numpy writes it. */
function npy(type: string, shape: string, values: Buffer, version = 1): Buffer {
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': ${shape}, }`;
  const sizeBytes = version === 1 ? 2 : 4;
  const header = text.padEnd(128 - 8 - sizeBytes - 1) + "\n";
  const size = Buffer.alloc(sizeBytes);
  size.writeUIntLE(header.length, 0, sizeBytes);
  return Buffer.concat([
    Buffer.from([0x93]),
    Buffer.from("NUMPY"),
    Buffer.from([version, 0]),
    size,
    Buffer.from(header),
    values,
  ]);
}

function float32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => bytes.writeFloatLE(value, 4 * i));
  return bytes;
}

const VALUES = float32(1.5, -2, 0.25);
const CODE = Float32Array.of(1.5, -2, 0.25);

test("a code is read from .npy of shape [S] and [1,S], header versions 1 to 3, and from .f32", async (t) => {
  const folder = await temporaryFolder(t);
  const files: Record<string, Buffer> = {
    "row.npy": npy("<f4", "(3,)", VALUES),
    "matrix.npy": npy("<f4", "(1, 3)", VALUES),
    "v2.npy": npy("<f4", "(3,)", VALUES, 2),
    "v3.NPY": npy("<f4", "(3,)", VALUES, 3),
    "raw.f32": VALUES,
  };
  for (const [name, bytes] of Object.entries(files)) {
    await writeFile(join(folder, name), bytes);
    assert.deepEqual(await loadCode(join(folder, name)), CODE, name);
  }
});

test("a file that is no code is refused", async (t) => {
  const folder = await temporaryFolder(t);
  const files: [string, Buffer, RegExp][] = [
    ["text.npy", Buffer.from("this is not numpy's format"), /not a \.npy file/],
    ["empty.npy", Buffer.alloc(0), /not a \.npy file/],
    ["double.npy", npy("<f8", "(3,)", Buffer.alloc(24)), /<f8 of shape \[3\]; little-endian float32/],
    ["big-endian.npy", npy(">f4", "(3,)", VALUES), />f4 of shape/],
    ["two.npy", npy("<f4", "(2, 3)", float32(1, 2, 3, 4, 5, 6)), /shape \[2,3\]/],
    ["cube.npy", npy("<f4", "(1, 1, 3)", VALUES), /shape \[1,1,3\]/],
    ["scalar.npy", npy("<f4", "()", float32(1)), /shape \[\]/],
    ["short.npy", npy("<f4", "(4,)", VALUES), /12 bytes of values, its header says 16/],
    ["long.npy", npy("<f4", "(2,)", VALUES), /12 bytes of values, its header says 8/],
    ["cut.npy", npy("<f4", "(3,)", VALUES).subarray(0, 100), /0 bytes of values, its header says 12/],
    ["nan.npy", npy("<f4", "(3,)", float32(1, NaN, 2)), /NaN at position 1/],
    ["infinite.f32", float32(Infinity), /Infinity at position 0/],
    ["odd.f32", Buffer.alloc(7), /7 bytes/],
    ["empty.f32", Buffer.alloc(0), /0 bytes/],
    ["code.txt", VALUES, /not a style code/],
  ];
  for (const [name, bytes, message] of files) {
    await writeFile(join(folder, name), bytes);
    await assert.rejects(loadCode(join(folder, name)), adainError(message), name);
  }
  await assert.rejects(loadCode(join(folder, "missing.npy")), adainError(/cannot be read/));
});

test("a blend is the weighted mean, with weights in any unit", () => {
  const [a, b] = [Float32Array.of(0, 4), Float32Array.of(8, 0)];
  assert.deepEqual(blend([a, b], [0.75, 0.25]), Float32Array.of(2, 3));
  assert.deepEqual(blend([a, b], [3, 1]), Float32Array.of(2, 3));
  assert.deepEqual(blend([a, b], [0, 2]), b);
  assert.deepEqual(blend([a], [0.1]), a);
  assert.deepEqual([a, b], [Float32Array.of(0, 4), Float32Array.of(8, 0)], "the codes are left as they were");
});

test("a blend refuses weights and codes that do not fit", () => {
  const [a, b] = [Float32Array.of(0, 4), Float32Array.of(8, 0)];
  for (const weights of [
    [NaN, 1],
    [Infinity, 1],
    [-1, 2],
    [0, 0],
    [1e308, 1e308],
  ]) {
    assert.throws(() => blend([a, b], weights), adainError(/^the weights are/), String(weights));
  }
  assert.throws(() => blend([a, b], [1]), adainError(/1 weights came for 2 codes/));
  assert.throws(() => blend([], []), adainError(/0 weights/));
  assert.throws(() => blend([a, Float32Array.of(1)], [1, 1]), adainError(/2, 1 values/));
});

test("the bank gives a code to its own checkpoint only", async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, "index.json"), JSON.stringify({ model: "abc", styles: { sea: {} } }));
  await writeFile(join(folder, "sea.npy"), npy("<f4", "(3,)", VALUES));
  await writeFile(join(folder, "secret.npy"), npy("<f4", "(3,)", VALUES));
  assert.deepEqual(await bankCode("sea", folder, "abc"), CODE);
  await assert.rejects(bankCode("sea", folder, "def"), adainError(/of the checkpoint abc/));
  await assert.rejects(bankCode("secret", folder, "abc"), adainError(/no style named secret; the styles are sea/));
  await writeFile(join(folder, "index.json"), "{}");
  await assert.rejects(bankCode("sea", folder, "abc"), adainError(/cannot be read from .*index\.json/));
});
