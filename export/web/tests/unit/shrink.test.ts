import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { PNG } from "pngjs";
import { describe, expect, it } from "vitest";
import { fromCanvas, shrink, type Picture } from "../../src/adain";

const folder = resolve(import.meta.dirname, "../../../conformance");
const manifest: {
  tolerance: { shrunk: { max: number; mean: number } };
  paintings: { name: string; image: string; size: number; shrunk: string }[];
} = JSON.parse(readFileSync(`${folder}/manifest.json`, "utf8"));

function read(file: string): Picture {
  const { width, height, data } = PNG.sync.read(readFileSync(`${folder}/${file}`));
  return fromCanvas({ width, height, data: new Uint8ClampedArray(data) });
}

describe("shrink", () => {
  it.each(manifest.paintings)("makes of a painting what the conformance set has: $name", ({ image, size, shrunk }) => {
    const [got, expected] = [shrink(read(image), size), read(shrunk)];
    expect([got.width, got.height]).toEqual([expected.width, expected.height]);
    const differences = Array.from(expected.data, (value, i) => Math.abs(value - got.data[i]!));
    const { max, mean } = manifest.tolerance.shrunk;
    expect(differences.reduce((a, b) => Math.max(a, b))).toBeLessThanOrEqual(max);
    expect(differences.reduce((a, b) => a + b) / differences.length).toBeLessThanOrEqual(mean);
  });

  it("enlarges nothing", () => {
    const painting = read(manifest.paintings[0]!.image);
    expect(shrink(painting, 5000)).toBe(painting);
  });

  it.each([15, NaN, 100.5, -512])("refuses the size %s", (size) => {
    expect(() => shrink(read(manifest.paintings[0]!.image), size)).toThrow(/the size is .*16 or more/);
  });
});
