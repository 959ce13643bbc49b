import { expect, test } from "@playwright/test";
import { startHost } from "./host";
import { choosePhoto, painted, smallest } from "./tools";

test("on a plain host the page gets threads, and works when the host is gone", async ({ page, context }) => {
  const host = await startHost("/friends/adain/");
  const foreign: string[] = [];
  context.on("request", (request) => {
    if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(host.address)) foreign.push(request.url());
  });
  await page.goto(host.address);
  await expect(page.locator("#engine")).toContainText(/WebAssembly, \d+ thread/);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  await choosePhoto(page, smallest);
  const encoder = async () =>
    page.evaluate(async () => (await (await caches.open("adain-files")).keys()).some(({ url }) => /style_encoder/.test(url)));
  await expect.poll(encoder).toBe(true); // comes last
  await host.stop();

  await page.reload();
  await choosePhoto(page, smallest);
  await painted(page, () => page.locator(".tile").last().click());
  await painted(page, () => page.locator("#painting-file").setInputFiles(smallest));
  await expect(page.getByRole("alert")).toBeHidden();
  expect(foreign, "requests to other hosts").toEqual([]);
});

test("a model that is not there is told in one line, and can be tried again", async ({ page }) => {
  await page.route(/stylizer-.*\.onnx/, (route) => route.fulfill({ status: 404 }));
  await page.goto("/?engine=wasm&threads=1");
  await expect(page.getByRole("alert")).toContainText(/stylizer-.*\.onnx could not be loaded \(HTTP 404\)/);
  await expect(page.locator("#loading")).toBeHidden();
  await page.unroute(/stylizer-.*\.onnx/);
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.locator("#engine")).toHaveText("WebAssembly, 1 thread");
  await expect(page.getByRole("alert")).toBeHidden();
});
