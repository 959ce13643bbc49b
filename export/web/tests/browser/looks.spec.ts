import { expect, test } from "@playwright/test";
import { openPage, painted } from "./tools";

const views = {
  wide: { viewport: { width: 1280, height: 800 } },
  landscape: { viewport: { width: 844, height: 390 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
  narrow: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
};

for (const [name, view] of Object.entries(views)) {
  test(`the page is whole and easy to touch: ${name}`, async ({ browser }) => {
    const page = await browser.newPage(view);
    await page.goto("/?threads=1");
    await painted(page, () => page.locator("label", { hasText: "256" }).click());
    await expect(page.locator("#status")).toContainText("256 × 170 pixels");
    const screenshot = (file: string) => page.screenshot({ path: `screenshots/${file}.png`, animations: "disabled" });
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await screenshot(`${name}-${colorScheme}`);
    }
    await painted(page, () => page.locator("#mix-on").click());
    await page.locator("#split").fill("45");
    await expect(page.locator(".tile:has(:checked)")).toBeInViewport({ ratio: 1 });
    await screenshot(`${name}-mix`);

    const { width } = view.viewport;
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    for (const control of await page.locator("button:visible, .tile, .sizes label, input[type=range]:visible").all()) {
      const box = (await control.boundingBox())!;
      expect(Math.min(box.height, box.width), await control.evaluate((element) => element.outerHTML)).toBeGreaterThanOrEqual(43.9);
    }
    const pictures = await page.locator(".tile img").evaluateAll((all) => all.map((each) => each.clientWidth - each.clientHeight));
    expect(Math.max(...pictures.map(Math.abs)), "thumbnails are square").toBeLessThanOrEqual(1);
    const tiles = await page.locator(".tile").evaluateAll((all) => all.map((tile) => tile.getBoundingClientRect().toJSON()));
    for (const tile of tiles) {
      for (const other of tiles) {
        const apart = Math.max(Math.abs(tile.left - other.left) - tile.width, Math.abs(tile.top - other.top) - tile.height);
        expect(tile === other || apart > 4, "tiles lie apart").toBe(true);
      }
    }
    await page.close();
  });
}

test("everything can be reached by keyboard", async ({ page }) => {
  await openPage(page);
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  const reached = new Set<string>();
  for (let i = 0; i < 24; i++) {
    await page.keyboard.press("Tab");
    reached.add(await page.evaluate(() => document.activeElement!.id || (document.activeElement as HTMLInputElement).name));
  }
  const wanted = ["split", "choose", "camera", "save-jpeg", "save-png", "copy", "style", "random", "add-painting", "mix-on", "alpha", "size"];
  expect([...reached]).toEqual(expect.arrayContaining(wanted));
});
