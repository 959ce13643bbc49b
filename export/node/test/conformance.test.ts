/** Replays ../conformance: every case of the manifest, with the models that the manifest names. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { AdaINError, blend, loadCode, PAINTING_SIZE, readPicture, shrink, Stylizer } from "../src/index.js";
import { VERSIONS } from "../src/contract.js";
import { ONE_THREAD } from "./helpers.js";

interface Manifest {
  version: number;
  contract: string;
  checkpoint_sha256: string;
  models: Record<"stylizer" | "style_encoder" | "fast", { file: string; sha256: string }>;
  files: Record<string, string>;
  tolerance: Record<"pixels" | "shrunk" | "style" | "painting" | "reading", { max: number; mean?: number }>;
  encode: { name: string; image: string; code: string }[];
  paintings: { name: string; image: string; size: number; shrunk: string; code: string }[];
  reading: { name: string; file: string; expected: string | null }[];
  stylize: StylizeCase[];
  fast: StylizeCase[];
}

interface StylizeCase {
  name: string;
  contents: string[];
  styles: { code: string; weight: number }[][];
  alpha: number;
  expected: string[];
}

const folder = fileURLToPath(new URL("../../../conformance", import.meta.url));
const manifest = JSON.parse(await readFile(join(folder, "manifest.json"), "utf8")) as Manifest;
const { tolerance, models } = manifest;

/** The path of a file of the manifest, after a check of its SHA-256. */
async function verified(file: string, sha256 = manifest.files[file]): Promise<string> {
  const path = join(folder, file);
  assert.equal(
    createHash("sha256")
      .update(await readFile(path))
      .digest("hex"),
    sha256,
    `SHA-256 of ${file}`,
  );
  return path;
}

const picture = async (file: string) => readPicture(await verified(file));
const code = async (file: string) => loadCode(await verified(file));

const stylizer = await Stylizer.load(
  await verified(models.stylizer.file, models.stylizer.sha256),
  await verified(models.style_encoder.file, models.style_encoder.sha256),
  ONE_THREAD,
);
const fast = await Stylizer.load(await verified(models.fast.file, models.fast.sha256), undefined, ONE_THREAD);
after(() => Promise.all([stylizer.release(), fast.release()]));

test("the manifest is of this contract and of this model", () => {
  assert.equal(manifest.version, 1);
  assert.ok(VERSIONS.includes(manifest.contract));
  assert.equal(
    stylizer.checkpoint,
    manifest.checkpoint_sha256,
    "checkpoint_sha256 of the model and of the manifest differ",
  );
  assert.ok(manifest.encode.length > 0 && manifest.stylize.length > 0, "the manifest has no cases");
});

for (const { name, image, code: expected } of manifest.encode) {
  test(`encode: ${name}`, async () => {
    assertClose(await stylizer.encodeStyle(await picture(image)), await code(expected), tolerance.style);
  });
}

for (const { name, image, size, shrunk, code: expected } of manifest.paintings) {
  test(`painting: ${name}`, async () => {
    const painting = await picture(image);
    const [got, wanted] = [await shrink(painting, size), await picture(shrunk)];
    assert.deepEqual([got.width, got.height], [wanted.width, wanted.height]);
    assertClose(got.data, wanted.data, tolerance.shrunk);
    assertClose(await stylizer.encodeStyle(painting, size), await code(expected), tolerance.painting);
    if (size === PAINTING_SIZE) {
      assert.deepEqual(await stylizer.encodeStyle(painting), await stylizer.encodeStyle(painting, size));
    }
  });
}

for (const { name, file, expected } of manifest.reading) {
  test(`read: ${name}`, async () => {
    const reading = picture(file);
    if (expected === null) return assert.rejects(reading, AdaINError);
    const [got, wanted] = [await reading, await picture(expected)];
    assert.deepEqual([got.width, got.height], [wanted.width, wanted.height]);
    assertClose(got.data, wanted.data, tolerance.reading);
  });
}

const cases = [...manifest.stylize.map((each) => ({ ...each, stylizer })), ...manifest.fast.map((each) => ({ ...each, stylizer: fast }))];
for (const { name, contents, styles, alpha, expected, stylizer } of cases) {
  test(`stylize: ${name}`, async () => {
    const codes = await Promise.all(
      styles.map(async (parts) =>
        blend(
          await Promise.all(parts.map((part) => code(part.code))),
          parts.map((part) => part.weight),
        ),
      ),
    );
    const outputs = await stylizer.stylizeBatch(await Promise.all(contents.map(picture)), codes, alpha);
    assert.equal(outputs.length, expected.length);
    for (const [i, output] of outputs.entries()) {
      const wanted = await picture(expected[i]!);
      assert.deepEqual([output.width, output.height], [wanted.width, wanted.height]);
      assertClose(output.data, wanted.data, tolerance.pixels);
    }
  });
}

for (const file of Object.keys(manifest.files).filter((file) => file.endsWith(".npy"))) {
  test(`read: ${file}`, async () => {
    assert.deepEqual(await code(file), await code(file.replace(/npy$/, "f32")));
  });
}

type Values = Float32Array | Uint8Array;

/** The largest difference, and the mean absolute one where it has a limit, are within the tolerance. */
function assertClose(got: Values, wanted: Values, limit: { max: number; mean?: number }): void {
  assert.equal(got.length, wanted.length);
  let [max, sum] = [0, 0];
  for (const [i, value] of wanted.entries()) {
    const difference = Math.abs(got[i]! - value);
    max = Math.max(max, difference); // becomes NaN, and fails below, where a value is NaN
    sum += difference;
  }
  const mean = sum / wanted.length;
  assert.ok(max <= limit.max && mean <= (limit.mean ?? limit.max), `differences: largest ${max}, mean ${mean}`);
}
