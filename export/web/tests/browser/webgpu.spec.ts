import { expect, test } from "@playwright/test";
import config from "../../playwright.config";
import { expectSame, findCase, isPlain, manifest, openPage, paintInWorker, path, readCode, readPicture, smallest } from "./tools";

const options = config.use!.launchOptions!;

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

test("WebGPU paints the golden pictures of both networks, and WebAssembly takes over when the card is gone", async ({ page }) => {
  test.setTimeout(600_000); // software compiles the shaders in one minute, on a busy machine in several
  await page.route(/(photo|painted)-.*\.webp/, (route) => route.fulfill({ path: smallest }));
  await page.goto("/?engine=webgpu&threads=1");
  for (const [quality, cases] of [["fast", manifest.fast], ["finest", manifest.stylize]] as const) {
    const plain = findCase((each) => isPlain(each) && smallest.endsWith(each.contents[0]!), cases);
    const contents = plain.contents.map((content) => readPicture(path(content)));
    const codes = plain.styles.map(([part]) => readCode(path(part!.code)));
    const paint = async () => {
      const got = await paintInWorker(page, quality, { contents, codes, alpha: plain.alpha });
      got.forEach((picture, i) => expectSame(picture, plain.expected[i]!));
    };
    const engine = () => page.evaluate((quality) => painters[quality].model?.engine, quality);
    await page.evaluate((quality) => painters[quality].start(), quality);
    await expect.poll(engine, { timeout: 500_000 }).toBe("webgpu");
    await paint();
    await page.workers().at(-1)!.evaluate(() => {
      const { prototype } = (globalThis as unknown as { GPUQueue: { prototype: { submit(): void } } }).GPUQueue;
      prototype.submit = () => {
        throw new Error("the graphics card is gone");
      };
    });
    await paint();
    expect(await engine()).toBe("wasm");
  }
});

test("WebGPU in software is passed by, unless it is asked for", async ({ page }) => {
  await openPage(page, "?threads=1#quality=finest");
  await expect(page.locator("#engine")).toHaveText("WebAssembly, 1 thread");
  await expect(page.locator("#engine")).toHaveAttribute("title", "webgpu: WebGPU is there in software only");
});
