import assert from "node:assert/strict";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import sharp, { type Sharp } from "sharp";
import { paintingSize, readPicture, shrink, writePicture } from "../src/index.js";
import { adainError, temporaryFolder, waves } from "./helpers.js";

test("every kind of file becomes upright 8-bit RGB", async (t) => {
  const folder = await temporaryFolder(t);
  const brown = () => sharp({ create: { width: 20, height: 30, channels: 3, background: "#804020" } });
  const clear = {
    create: { width: 20, height: 30, channels: 4 as const, background: { r: 255, g: 0, b: 0, alpha: 0 } },
  };
  const files: [string, Sharp, number[], number[]][] = [
    ["plain.png", brown(), [20, 30], [128, 64, 32]],
    ["sixteen-bits.png", brown().toColourspace("rgb16"), [20, 30], [128, 64, 32]],
    ["palette.png", brown().png({ palette: true }), [20, 30], [128, 64, 32]],
    ["display-p3.png", brown().withIccProfile("p3"), [20, 30], [128, 64, 32]],
    [
      "grey.png",
      sharp({ create: { ...clear.create, channels: 3, background: "#777" } }).toColourspace("b-w"),
      [20, 30],
      [119, 119, 119],
    ],
    ["transparent.png", sharp(clear), [20, 30], [255, 255, 255]],
    ["turned.jpg", brown().withMetadata({ orientation: 6 }), [30, 20], [128, 64, 32]],
  ];
  for (const [name, image, size, colour] of files) {
    await image.toFile(join(folder, name));
    const { width, height, data } = await readPicture(join(folder, name));
    assert.deepEqual([width, height], size, name);
    assert.equal(data.length, 20 * 30 * 3, name);
    assert.ok(
      colour.every((value, i) => Math.abs(data[i]! - value) <= 2),
      `${name} is ${data.subarray(0, 3)}`,
    );
  }
  const turned = sharp({ create: { width: 40, height: 20, channels: 3, background: "black" } })
    .composite([{ input: { create: { width: 20, height: 20, channels: 3, background: "white" } }, left: 0, top: 0 }])
    .withMetadata({ orientation: 6 }); // to be turned clockwise: the left half becomes the upper one
  await turned.toFile(join(folder, "half.png"));
  const half = await readPicture(join(folder, "half.png"));
  assert.deepEqual([half.width, half.height, half.data[0], half.data.at(-1)], [20, 40, 255, 0]);
});

test("a painting is shrunk by its shorter side, a small one is left as it is", async () => {
  const size = async (side: number) => (({ width, height }) => [width, height])(await shrink(waves(90, 60), side));
  assert.deepEqual(await size(20), [30, 20]);
  assert.deepEqual(await size(80), [90, 60]);
  await assert.rejects(size(15), adainError(/the size is 15; give the pixels .* 16 or more/));
});

test("what is no picture is refused", async (t) => {
  const folder = await temporaryFolder(t);
  await writePicture(waves(64, 64), join(folder, "whole.jpg"));
  const whole = await sharp(join(folder, "whole.jpg")).jpeg().toBuffer();
  await writeFile(join(folder, "cut.jpg"), whole.subarray(0, whole.length / 2));
  await writeFile(join(folder, "text.png"), "no picture");
  await writeFile(join(folder, "empty.png"), "");
  for (const name of ["cut.jpg", "text.png", "empty.png", "missing.png", "."]) {
    await assert.rejects(readPicture(join(folder, name)), adainError(/cannot be read as a picture/), name);
  }
});

test("a picture is written whole or not at all", async (t) => {
  const folder = await temporaryFolder(t);
  const picture = waves(33, 21);
  await writePicture(picture, join(folder, "out.png"));
  assert.deepEqual(Buffer.from((await readPicture(join(folder, "out.png"))).data), Buffer.from(picture.data));
  await writePicture(picture, join(folder, "out.JPG"));
  assert.equal((await sharp(join(folder, "out.JPG")).metadata()).chromaSubsampling, "4:4:4");
  await assert.rejects(writePicture(picture, join(folder, "out.gif")), adainError(/ends with none of/));
  await assert.rejects(writePicture(picture, join(folder, "missing", "out.png")), adainError(/cannot be written/));
  await assert.rejects(
    writePicture({ ...picture, width: 34 }, join(folder, "bad.png")),
    adainError(/has 2079 bytes; give 2142/),
  );
  assert.deepEqual((await readdir(folder)).sort(), ["out.JPG", "out.png"]);
});

test("of several frames or pages the first one is taken, and told", async (t) => {
  const folder = await temporaryFolder(t);
  const frames = Buffer.concat([Buffer.alloc(16 * 20 * 3, 90), Buffer.alloc(16 * 20 * 3, 200)]);
  const raw = { width: 20, height: 32, channels: 3 as const, pageHeight: 16 };
  for (const name of ["two.gif", "two.webp", "two.tiff"]) {
    const [file, told] = [join(folder, name), [] as string[]];
    await sharp(frames, { raw }).toFile(file);
    const { width, height, data } = await readPicture(file, (line) => told.push(line));
    assert.deepEqual([width, height], [20, 16], name);
    assert.ok(Math.abs(data[0]! - 90) <= 4, name);
    assert.deepEqual(told, [`${file} has 2 frames or pages; the first one is taken`]);
  }
  const told: string[] = [];
  await writePicture(waves(20, 20), join(folder, "one.png"));
  await readPicture(join(folder, "one.png"), (line) => told.push(line));
  assert.deepEqual(told, []);
});

test("very long paintings are shrunk to the pixels of one that is 8 times as long as wide", () => {
  const sizes = [[700, 900], [4096, 512], [8, 800], [800, 8], [100, 8000], [20, 200_000]].map(([width, height]) =>
    paintingSize({ width: width!, height: height!, data: new Uint8Array() }),
  );
  assert.deepEqual(sizes, [512, 512, 145, 145, 162, 16]);
});
