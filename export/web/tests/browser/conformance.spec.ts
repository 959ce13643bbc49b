import { expect, test, type Page } from "@playwright/test";
import { blend } from "../../src/code";
import { PAINTING_SIZE } from "../../src/shrink";
import { encodeInWorker, expectSame, manifest, openPage, paintInWorker, path, readCode, readPicture } from "./tools";

let page: Page;

test.beforeAll(async ({ browser }) => {
  page = await browser.newPage();
  await openPage(page, "?engine=wasm&threads=1#quality=finest");
});

test.afterAll(() => page.close());

test("the models are those of the manifest", async () => {
  for (const { file } of Object.values(manifest.models)) path(file);
  const models = await page.evaluate(() => Promise.all([painters.fast.ready, painters.finest.ready]));
  for (const { checkpoint } of models) expect(checkpoint).toBe(manifest.checkpoint_sha256);
});

for (const { name, image, code } of manifest.encode) {
  test(`encode: ${name}`, async () => {
    const got = await encodeInWorker(page, readPicture(path(image)));
    const expected = readCode(path(code));
    expect(got.length).toBe(expected.length);
    const largest = Math.max(...expected.map((value, i) => Math.abs(value - got[i]!)));
    expect(largest).toBeLessThanOrEqual(manifest.tolerance.style.max);
  });
}

test("a large painting is shrunk before it is encoded", async () => {
  const { image, code } = manifest.paintings.find(({ size }) => size === PAINTING_SIZE)!;
  const got = await encodeInWorker(page, readPicture(path(image)));
  const largest = Math.max(...readCode(path(code)).map((value, i) => Math.abs(value - got[i]!)));
  expect(largest).toBeLessThanOrEqual(manifest.tolerance.painting.max);
});

for (const [quality, cases] of [["fast", manifest.fast], ["finest", manifest.stylize]] as const) {
  for (const { name, contents, styles, alpha, expected } of cases) {
    test(`${quality}: ${name}`, async () => {
      const codes = styles.map((parts) =>
        blend(
          parts.map(({ code }) => readCode(path(code))),
          parts.map(({ weight }) => weight),
        ),
      );
      const pictures = contents.map((content) => readPicture(path(content)));
      const got = await paintInWorker(page, quality, { contents: pictures, codes, alpha });
      expect(got).toHaveLength(expected.length);
      got.forEach((picture, i) => expectSame(picture, expected[i]!));
    });
  }
}
