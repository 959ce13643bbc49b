import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, type Page } from "@playwright/test";
import { PNG } from "pngjs";
import type { Picture } from "../../src/adain";
import type { Quality } from "../../src/files";

/** A style of a case: codes with weights. */
export type Blend = { code: string; weight: number }[];

export interface StylizeCase {
  name: string;
  contents: string[];
  styles: Blend[];
  alpha: number;
  expected: string[];
}

interface Manifest {
  contract: string;
  checkpoint_sha256: string;
  models: Record<"stylizer" | "style_encoder" | "fast", { file: string; sha256: string }>;
  files: Record<string, string>;
  tolerance: { pixels: { max: number; mean: number }; style: { max: number }; painting: { max: number } };
  encode: { name: string; image: string; code: string }[];
  paintings: { name: string; image: string; size: number; shrunk: string; code: string }[];
  stylize: StylizeCase[];
  fast: StylizeCase[];
}

const folder = resolve(import.meta.dirname, "../../../conformance");
if (!existsSync(folder)) throw new Error("export/conformance is missing: the browser tests compare with its pictures");

export const manifest: Manifest = JSON.parse(readFileSync(`${folder}/manifest.json`, "utf8"));

/** The path of a file of the conformance set, once its SHA-256 has been checked. */
export function path(name: string): string {
  const file = resolve(folder, name);
  const model = Object.values(manifest.models).find((each) => each.file === name);
  expect(createHash("sha256").update(readFileSync(file)).digest("hex"), `SHA-256 of ${name}`).toBe(
    model?.sha256 ?? manifest.files[name],
  );
  return file;
}

export function readPicture(file: string): Picture {
  const { width, height, data } = PNG.sync.read(readFileSync(file));
  return { width, height, data: Uint8Array.from({ length: width * height * 3 }, (_, i) => data[i + Math.floor(i / 3)]!) };
}

export function readCode(file: string): Float32Array {
  const bytes = readFileSync(file);
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(i * 4));
}

/** Compare with the golden picture, within the tolerance of the manifest. */
export function expectSame(got: Picture, expectedFile: string): void {
  const expected = readPicture(path(expectedFile));
  expect([got.width, got.height]).toEqual([expected.width, expected.height]);
  const differences = Array.from(expected.data, (value, i) => Math.abs(value - got.data[i]!));
  const { max, mean } = manifest.tolerance.pixels;
  expect(differences.reduce((a, b) => Math.max(a, b)), "largest difference").toBeLessThanOrEqual(max);
  expect(differences.reduce((a, b) => a + b) / differences.length, "mean difference").toBeLessThanOrEqual(mean);
}

/** The case of the small network, which the page begins with, that fits: its name and order may change. */
export function findCase(fits: (each: StylizeCase) => boolean, cases = manifest.fast): StylizeCase {
  const found = cases.find(fits);
  if (!found) throw new Error("the conformance set has no such case");
  return found;
}

export const isPlain = ({ contents, styles, alpha }: StylizeCase) =>
  contents.length === 1 && styles.length === 1 && styles[0]!.length === 1 && alpha === 1;

/** The smallest picture of the conformance set, which takes the least time. */
export const smallest = Object.keys(manifest.files)
  .filter((name) => name.startsWith("pictures/"))
  .map((name) => `${folder}/${name}`)
  .sort((a, b) => readFileSync(a).length - readFileSync(b).length)[0]!;

/** Open the page with tiny samples, and wait for the model: with one thread, for machines that are busy. */
export async function openPage(page: Page, query = "?threads=1"): Promise<void> {
  await page.route(/(photo|painted)-.*\.webp/, (route) => route.fulfill({ path: smallest }));
  await page.goto(`/${query}`);
  await expect(page.locator("#engine")).not.toBeEmpty();
}

/** Choose a photo, and wait until it is painted. */
export async function choosePhoto(page: Page, file: string): Promise<void> {
  await painted(page, () => page.locator("#photo-file").setInputFiles(file));
}

/** Do what makes the page paint, and wait until it is done. */
export async function painted(page: Page, act: () => Promise<unknown>): Promise<void> {
  await page.evaluate(() => document.getElementById("status")?.replaceChildren());
  await act();
  await expect(page.locator("#status")).toContainText("pixels in");
  await expect(page.locator("#stage")).toHaveAttribute("aria-busy", "false");
}

/** Save the picture as PNG, as a visitor does, and read it. */
export async function savePng(page: Page): Promise<Picture> {
  const download = page.waitForEvent("download");
  await page.locator("#save-png").click();
  return readPicture(await (await download).path());
}

export interface Job {
  contents: Picture[];
  codes: Float32Array[];
  alpha: number;
}

/** Paint with a worker of the page, past its buttons. */
export async function paintInWorker(page: Page, quality: Quality, { contents, codes, alpha }: Job): Promise<Picture[]> {
  const job = {
    quality,
    contents: contents.map((content) => ({ ...content, data: encode(content.data) })),
    codes: codes.map((code) => encode(new Uint8Array(code.buffer, code.byteOffset, code.byteLength))),
    alpha,
  };
  const results = await page.evaluate(async ({ quality, contents, codes, alpha }) => {
    const bytes = (text: string) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const text = (data: Uint8Array) => btoa(Array.from(data, (byte) => String.fromCharCode(byte)).join(""));
    const pictures = contents.map((content) => ({ ...content, data: bytes(content.data) }));
    const styles = codes.map((code) => new Float32Array(bytes(code).buffer));
    await painters[quality].ready;
    const results = await painters[quality].stylizeBatch(pictures, styles, alpha);
    return results.map((result) => ({ ...result, data: text(result.data) }));
  }, job);
  return results.map((result) => ({ ...result, data: new Uint8Array(Buffer.from(result.data, "base64")) }));
}

/** Encode with the worker of the page. */
export async function encodeInWorker(page: Page, painting: Picture): Promise<Float32Array> {
  const values = await page.evaluate(
    async (painting) => {
      const data = Uint8Array.from(atob(painting.data), (letter) => letter.charCodeAt(0));
      return Array.from(await painters.fast.encodeStyle({ ...painting, data }));
    },
    { ...painting, data: encode(painting.data) },
  );
  return Float32Array.from(values);
}

function encode(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
