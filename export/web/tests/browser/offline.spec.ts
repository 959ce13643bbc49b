import { expect, test } from "@playwright/test";
import bank from "../../../../weights/styles/index.json" with { type: "json" };
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
  await painted(page, () => page.locator("#painting-file").setInputFiles(smallest)); // fetches the style encoder
  const codes = async () =>
    page.evaluate(async () => {
      const shell = (await caches.keys()).find((name) => name.startsWith("adain-page"));
      return (await (await caches.open(shell!)).keys()).filter(({ url }) => url.endsWith(".npy")).length;
    });
  await expect.poll(codes).toBe(Object.keys(bank.styles).length); // come last
  await host.stop();

  await page.reload();
  await choosePhoto(page, smallest);
  await painted(page, () => page.locator(".tile").last().click());
  await painted(page, () => page.locator("#painting-file").setInputFiles(smallest));
  await expect(page.getByRole("alert")).toBeHidden();
  await page.getByRole("radio", { name: "Finest" }).check({ force: true });
  await expect(page.getByRole("alert")).toContainText("could not be loaded");
  await painted(page, () => page.getByRole("radio", { name: "Fast" }).check({ force: true }));
  await expect(page.getByRole("alert")).toBeHidden();
  expect(foreign, "requests to other hosts").toEqual([]);
});

test("a first visit takes at most 6 MB until a picture is painted, and the large network waits for its call", async ({ page }) => {
  const host = await startHost("/", "dist", true);
  await page.addInitScript(() => {
    const look = () => {
      if (document.getElementById("status")?.textContent?.includes("pixels in")) sessionStorage["painted"] ??= Date.now();
    };
    new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
  });
  await painted(page, async () => void (await page.goto(host.address)));
  const time = await page.evaluate(() => Number(sessionStorage["painted"]));
  const first = host.sent.filter((each) => each.time <= time).reduce((sum, { bytes }) => sum + bytes, 0);
  expect(first).toBeGreaterThan(3e6);
  expect(first).toBeLessThanOrEqual(6e6);
  const fetched = (kind: string) => new Set(host.sent.map(({ name }) => name).filter((name) => name.includes(kind))).size;
  expect([fetched("stylizer"), fetched("style_encoder")]).toEqual([1, 0]);
  await painted(page, () => page.locator("#painting-file").setInputFiles(smallest));
  expect(fetched("style_encoder")).toBe(1);
  await painted(page, () => page.getByRole("radio", { name: "Finest" }).check({ force: true }));
  expect(fetched("stylizer")).toBe(2);
  await host.stop();
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
