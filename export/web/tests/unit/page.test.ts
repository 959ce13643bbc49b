import { readdirSync, readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import index from "@styles/index.json";
import { fromCanvas, toCanvas } from "../../src/adain";
import { readContract } from "../../src/contract";
import { Pace } from "../../src/page/pace";
import { fit } from "../../src/page/photo";
import { stylizerFile } from "./models";

describe("fit", () => {
  it.each([
    ["shrinks to the longer side", [400, 300], 200, Infinity, [200, 150]],
    ["keeps the shape of a portrait", [300, 400], 200, Infinity, [150, 200]],
    ["never enlarges", [100, 50], 512, Infinity, [100, 50]],
    ["keeps to the memory", [4000, 3000], Infinity, 3e6, [2000, 1500]],
    ["keeps thin pictures thick enough", [4000, 40], 256, Infinity, [256, 16]],
  ])("%s", (_, [width, height], longest, pixels, [newWidth, newHeight]) => {
    expect(fit({ width: width!, height: height! }, longest, pixels)).toEqual({ width: newWidth, height: newHeight });
  });
});

describe("canvas pixels", () => {
  it("lose and get back their fourth channel", () => {
    const rgba = { width: 2, height: 1, data: Uint8ClampedArray.of(1, 2, 3, 255, 4, 5, 6, 255) };
    expect(fromCanvas(rgba).data).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 6));
    expect(toCanvas(fromCanvas(rgba))).toEqual(rgba);
  });
});

describe("Pace", () => {
  it("learns from what was painted", async () => {
    const pace = new Pace(0.01);
    await pace.measure({ width: 10, height: 10 }, () => new Promise((resolve) => setTimeout(resolve, 50)));
    const duration = pace.duration({ width: 20, height: 10 });
    expect(duration).toBeGreaterThan(80);
    expect(pace.side({ ms: duration, min: 32, max: 1000 }) % 32).toBe(0);
    expect(pace.side({ ms: 0.001, min: 96, max: 320 })).toBe(96);
    expect(pace.side({ ms: 1e9, min: 96, max: 320 })).toBe(320);
  });

  it("takes longer for more pixels, but some time for any picture", () => {
    const [tiny, large] = [16, 1024].map((side) => new Pace(0.001).duration({ width: side, height: side }));
    expect(tiny).toBeGreaterThan(10);
    expect(large! / tiny!).toBeGreaterThan(20);
    expect(new Pace(0.001).side({ ms: large!, min: 32, max: 4096 })).toBe(1024);
  });

  it("tells how long the running one will take", async () => {
    const pace = new Pace(0.01);
    const running = pace.measure({ width: 1000, height: 1000 }, async () => pace.remaining);
    expect(await running).toBeGreaterThan(1000);
    expect(pace.remaining).toBe(0);
  });
});

describe("the shipped files", () => {
  const thumbnails = resolve(import.meta.dirname, "../../thumbnails");

  it("belong to one model", () => {
    expect(readContract(stylizerFile(), "stylizer", "stylizer.onnx").checkpoint).toBe(index.model);
  });

  it("have thumbnails of that model (if not: run scripts/thumbnails.py)", () => {
    expect(JSON.parse(readFileSync(`${thumbnails}/model.json`, "utf8"))).toEqual({ model: index.model });
    const names = readdirSync(thumbnails).filter((name) => name.endsWith(".webp"));
    expect(names.sort()).toEqual(Object.keys(index.styles).map((name) => `${name}.webp`).sort());
  });

  it("have thumbnails of less than 200 kB", () => {
    const names = readdirSync(thumbnails).filter((name) => name.endsWith(".webp"));
    const sizes = names.map((name) => statSync(`${thumbnails}/${name}`).size);
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(200_000);
  });
});
