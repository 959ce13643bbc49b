import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { type Picture, Stylizer } from "../src/index.js";
import { adainError, ONE_THREAD, STYLE_ENCODER, STYLIZER, temporaryFolder, waves, withMetadata } from "./helpers.js";

const stylizer = await Stylizer.load(STYLIZER, STYLE_ENCODER, ONE_THREAD);
after(() => stylizer.release());
const content = waves(40, 24);
const code = await stylizer.encodeStyle(waves(32, 32));

test("a file that is not what was asked for is refused", async (t) => {
  const folder = await temporaryFolder(t);
  const files: [string, string | Uint8Array, RegExp][] = [
    ["text.onnx", "this is no model", /text\.onnx is not an ONNX model/],
    ["empty.onnx", "", /no adain\.contract entry/],
    ["cut.onnx", (await readFile(STYLIZER)).subarray(0, 100_000), /cut\.onnx is not an ONNX model/],
    ["version.onnx", await withMetadata(STYLIZER, { "adain.contract": "3" }), /contract version 3.* knows 1 and 2/],
    [
      "portable.onnx",
      await withMetadata(STYLIZER, { "adain.io": "portable" }),
      /takes portable pixels, bytes were expected/,
    ],
    ["size.onnx", await withMetadata(STYLIZER, { "adain.style_size": "many" }), /incomplete metadata/],
  ];
  for (const [name, bytes, message] of files) {
    await writeFile(join(folder, name), bytes);
    await assert.rejects(Stylizer.load(join(folder, name)), adainError(message), name);
  }
  await assert.rejects(
    Stylizer.load(join(folder, "missing.onnx")),
    adainError(/the stylizer cannot be read .*missing\.onnx/),
  );
  await assert.rejects(Stylizer.load(STYLE_ENCODER), adainError(/is a style_encoder, a stylizer was expected/));
  await assert.rejects(Stylizer.load(STYLIZER, STYLIZER), adainError(/is a stylizer, a style_encoder was expected/));
});

test("metadata without a network is refused by onnxruntime", async (t) => {
  const file = join(await temporaryFolder(t), "metadata.onnx");
  const whole = await readFile(STYLIZER);
  const metadata = await withMetadata(STYLIZER, {
    "adain.contract": "1",
    "adain.graph": "stylizer",
    "adain.io": "bytes",
    "adain.style_size": "8",
    "adain.checkpoint_sha256": "abc",
  });
  await writeFile(file, metadata.subarray(whole.length));
  await assert.rejects(Stylizer.load(file), adainError(/onnxruntime cannot load .*metadata\.onnx/));
});

test("two files of different checkpoints are refused", async (t) => {
  const file = join(await temporaryFolder(t), "other.onnx");
  await writeFile(file, await withMetadata(STYLE_ENCODER, { "adain.checkpoint_sha256": "abc" }));
  await assert.rejects(Stylizer.load(STYLIZER, file), adainError(/different checkpoints .*abc/));
});

test("without a style encoder, only codes are styles", async () => {
  const half = await Stylizer.load(STYLIZER, undefined, ONE_THREAD);
  await assert.rejects(half.encodeStyle(content), adainError(/no style encoder was loaded/));
  assert.equal((await half.stylize(content, code)).width, content.width);
  await half.release();
});

test("a code has the length that the metadata says", () => {
  assert.equal(code.length, stylizer.styleSize);
});

test("the output has the size of the content, and alpha changes it", async () => {
  const [full, half] = [await stylizer.stylize(content, code), await stylizer.stylize(content, code, 0.5)];
  assert.deepEqual([full.width, full.height, full.data.length], [40, 24, 40 * 24 * 3]);
  assert.notDeepEqual(full.data, half.data);
  assert.deepEqual(full.data, (await stylizer.stylize(content, code, 1)).data);
});

test("pictures too small, malformed or of different sizes are refused", async () => {
  const refused: [Picture[], RegExp][] = [
    [[], /no content came/],
    [[waves(15, 40)], /the content is 15 x 40 pixels, sides of at least 16 were expected/],
    [[waves(40, 15)], /40 x 15/],
    [[{ ...content, width: NaN }], /NaN x 24/],
    [[{ ...content, width: 41 }], /has 2880 bytes; give 2952/],
    [[{ ...content, data: Float32Array.from(content.data) as unknown as Uint8Array }], /no Uint8Array/],
    [[content, waves(24, 40)], /40 x 24, 24 x 40 pixels, one size was expected/],
    [[content, waves(15, 40)], /content 1 is 15 x 40/],
  ];
  for (const [contents, message] of refused) {
    await assert.rejects(stylizer.stylizeBatch(contents, [code]), adainError(message), String(message));
  }
  await assert.rejects(stylizer.encodeStyle(waves(15, 15)), adainError(/the painting is 15 x 15/));
});

test("codes of another number or length, or not finite, are refused", async () => {
  const bad = code.slice();
  bad[3] = NaN;
  const refused: [Float32Array[], RegExp][] = [
    [[], /0 codes came for 2 contents/],
    [[code, code, code], /3 codes came for 2 contents/],
    [[code.slice(1)], new RegExp(`the style code has ${code.length - 1} values, the model takes ${code.length}`)],
    [[code, bad], /style code 1 is NaN at position 3/],
    [[[...code] as unknown as Float32Array], /no Float32Array/],
  ];
  for (const [codes, message] of refused) {
    await assert.rejects(stylizer.stylizeBatch([content, content], codes), adainError(message), String(message));
  }
});

test("alpha outside 0 to 1 is refused", async () => {
  for (const alpha of [NaN, -0.1, 1.1, Infinity]) {
    await assert.rejects(stylizer.stylize(content, code, alpha), adainError(/^alpha is .*; give a number from 0/));
  }
});
