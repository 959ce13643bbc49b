import * as ort from "onnxruntime-web";
import { beforeAll, describe, expect, it } from "vitest";
import { load, type Adain, type Picture } from "../../src/adain";
import { engineOf, type EngineOffer } from "../../src/engine";
import { styleEncoderFile, stylizerFile } from "./models";

const wasm: EngineOffer = { name: "wasm", start: async () => engineOf(ort, "wasm", 1) };

function picture(width: number, height: number): Picture {
  return { width, height, data: Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 37) % 256) };
}

describe("a loaded model", () => {
  let adain: Adain;
  let code: Float32Array;

  beforeAll(async () => {
    ort.env.wasm.numThreads = 1;
    adain = await load({ stylizer: stylizerFile(), styleEncoder: styleEncoderFile() }, { engines: [wasm] });
    code = await adain.encodeStyle(picture(19, 16));
  }, 60_000);

  it("encodes a painting to a code of its size", () => {
    expect(code).toBeInstanceOf(Float32Array);
    expect(code).toHaveLength(adain.styleSize);
    expect(code.every(Number.isFinite)).toBe(true);
  });

  it("paints a picture of the content's size, each alpha differently", async () => {
    const content = picture(21, 17);
    const full = await adain.stylize(content, code);
    const half = await adain.stylize(content, code, 0.5);
    expect([full.width, full.height, full.data.length]).toEqual([21, 17, 21 * 17 * 3]);
    expect(half.data).not.toEqual(full.data);
  });

  it("paints each picture of a batch as it would alone", async () => {
    const contents = [picture(16, 16), { ...picture(16, 16), data: new Uint8Array(16 * 16 * 3).fill(90) }];
    const codes = [code, code.map((value) => value * 0.9)];
    const [first, second] = await adain.stylizeBatch(contents, codes);
    const alone = [await adain.stylize(contents[0]!, codes[0]!), await adain.stylize(contents[1]!, codes[1]!)];
    expect(first).toEqual(alone[0]);
    expect(second).toEqual(alone[1]);
  });

  it("takes two calls at once", async () => {
    const both = await Promise.all([adain.stylize(picture(16, 16), code), adain.encodeStyle(picture(16, 16))]);
    expect(both[1]).toHaveLength(adain.styleSize);
  });

  it.each([
    ["a code of another length", picture(16, 16), () => code.slice(1), 1, /\d+ values, \d+ were expected/],
    ["a code that is not finite", picture(16, 16), () => code.map(() => NaN), 1, /not finite/],
    ["alpha NaN", picture(16, 16), () => code, NaN, /alpha is NaN; give a number from 0 to 1/],
    ["alpha above 1", picture(16, 16), () => code, 1.01, /alpha is 1\.01/],
    ["alpha below 0", picture(16, 16), () => code, -0.01, /alpha is -0\.01/],
    ["a small picture", picture(16, 15), () => code, 1, /the content is 16 × 15 pixels.*at least 16/],
    ["data of another size", { ...picture(16, 16), data: new Uint8Array(5) }, () => code, 1, /has 5 bytes/],
    ["a fractional side", { ...picture(16, 16), width: 16.5 }, () => code, 1, /16\.5/],
  ])("refuses %s", async (_, content, makeCode, alpha, message) => {
    await expect(adain.stylize(content, makeCode(), alpha)).rejects.toThrow(message);
  });

  it("refuses a small painting", async () => {
    await expect(adain.encodeStyle(picture(15, 40))).rejects.toThrow(/the painting is 15 × 40/);
  });

  it.each([
    ["no contents", [], 1, /no content came/],
    ["contents of two sizes", [picture(16, 16), picture(16, 17)], 1, /16 × 16 and 16 × 17/],
    ["another number of codes", [picture(16, 16), picture(16, 16), picture(16, 16)], 2, /2 codes came for 3 contents/],
    ["no codes", [picture(16, 16)], 0, /0 codes came/],
  ])("refuses a batch with %s", async (_, contents, codes, message) => {
    await expect(adain.stylizeBatch(contents, new Array(codes).fill(code))).rejects.toThrow(message);
  });
});

describe("load", () => {
  it("works without a style encoder, and says so when one is wanted", async () => {
    const adain = await load({ stylizer: stylizerFile() }, { engines: [wasm] });
    await expect(adain.encodeStyle(picture(16, 16))).rejects.toThrow(/no style encoder was loaded/);
  });

  it("refuses files of two checkpoints", async () => {
    const encoder = styleEncoderFile();
    const text = Buffer.from(encoder.buffer);
    const key = text.lastIndexOf("adain.checkpoint_sha256") + "adain.checkpoint_sha256".length + 2;
    encoder.set(new TextEncoder().encode("0123"), key); // of the value behind the key
    await expect(load({ stylizer: stylizerFile(), styleEncoder: encoder }, { engines: [wasm] })).rejects.toThrow(
      /style_encoder\.onnx is of checkpoint 0123.*two files of one export/,
    );
  });

  it("refuses the files in each other's place", async () => {
    await expect(load({ stylizer: styleEncoderFile() }, { engines: [wasm] })).rejects.toThrow(/holds the graph/);
  });

  it("names a file that is not there", async () => {
    await expect(load({ stylizer: "http://localhost:9/models/a.onnx" }, { engines: [wasm] })).rejects.toThrow(
      /^a\.onnx could not be loaded/,
    );
  });
});
