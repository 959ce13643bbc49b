import { expect, test } from "@playwright/test";
import config from "../../playwright.config";
import { expectSame, findCase, isPlain, openPage, paintInWorker, path, readCode, readPicture, smallest } from "./tools";

const options = config.use!.launchOptions!;
const plain = findCase((each) => isPlain(each) && smallest.endsWith(each.contents[0]!));

// Chromium's WebGPU in software: slow, but the same code path as on a graphics card.
test.use({ launchOptions: { ...options, args: [...options.args!, "--enable-unsafe-webgpu"] } });

test.beforeEach(async ({ page }) => {
  await page.goto("/notices.txt");
  const there = await page.evaluate(async () => {
    const { gpu } = navigator as { gpu?: { requestAdapter(): Promise<object | null> } };
    return Boolean(await gpu?.requestAdapter());
  });
  test.skip(!there, "this Chromium has no WebGPU, not even in software");
});

test("WebGPU paints the golden picture", async ({ page }) => {
  await openPage(page, "?engine=webgpu&threads=1");
  await expect(page.locator("#engine")).toHaveText("WebGPU");
  const contents = plain.contents.map((content) => readPicture(path(content)));
  const codes = plain.styles.map(([part]) => readCode(path(part!.code)));
  const got = await paintInWorker(page, { contents, codes, alpha: plain.alpha });
  got.forEach((picture, i) => expectSame(picture, plain.expected[i]!));
});

test("WebGPU in software is passed by, unless it is asked for", async ({ page }) => {
  await openPage(page);
  await expect(page.locator("#engine")).toHaveText("WebAssembly, 1 thread");
  await expect(page.locator("#engine")).toHaveAttribute("title", "webgpu: WebGPU is there in software only");
});
