import { readFileSync } from "node:fs";
import { expect, test, type Page } from "@playwright/test";
import { unzipSync } from "fflate";
import type { Quality } from "../../src/files";
import { choosePhoto, expectSame, findCase, isPlain, manifest, openPage, painted, path, savePng, smallest } from "./tools";

const plain = findCase(isPlain);
const photo = plain.contents[0]!;

let page: Page;

test.beforeAll(async ({ browser }) => {
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await openPage(page);
});

test.afterAll(() => page.close());

test.beforeEach(() => choosePhoto(page, smallest)); // what is set before the right photo comes takes no time

/** Give the page a style code as a visitor does: the .npy file that stands beside the .f32 file. */
async function addCode(code: string): Promise<void> {
  await painted(page, () => page.locator("#painting-file").setInputFiles(path(code.replace(".f32", ".npy"))));
}

const picture = () => page.locator("#result").evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());

test("a chosen photo comes out as the golden picture has it", async () => {
  await addCode(plain.styles[0]![0]!.code);
  await choosePhoto(page, path(photo));
  expectSame(await savePng(page), plain.expected[0]!);
});

test("the strength slider at half gives the golden picture of alpha 0.5", async () => {
  const half = findCase((each) => each.contents.length === 1 && each.alpha === 0.5);
  await addCode(half.styles[0]![0]!.code);
  await painted(page, () => page.locator("#alpha").fill("50"));
  await choosePhoto(page, path(half.contents[0]!));
  expectSame(await savePng(page), half.expected[0]!);
  await choosePhoto(page, smallest);
  await painted(page, () => page.locator("#alpha").fill("100"));
});

test("two mixed paintings give the golden picture of a blend", async () => {
  const blend = findCase(({ contents, styles }) => contents.length === 1 && styles[0]!.length === 2);
  const [first, second] = blend.styles[0]!;
  await addCode(first!.code);
  await painted(page, () => page.locator("#mix-on").click());
  await addCode(second!.code);
  await painted(page, () => page.locator("#mix").fill(String(100 * second!.weight)));
  await choosePhoto(page, path(blend.contents[0]!));
  expectSame(await savePng(page), blend.expected[0]!);
  await choosePhoto(page, smallest);
  await painted(page, () => page.locator("#mix-off").click());
});

test("an own painting joins the thumbnails and gives the golden picture of its code", async () => {
  const encode = manifest.encode.find(({ code }) => manifest.fast.some((each) => each.styles[0]![0]!.code === code))!;
  const chain = findCase((each) => isPlain(each) && each.styles[0]![0]!.code === encode.code);
  const before = await page.locator(".tile").count();
  await painted(page, () => page.locator("#painting-file").setInputFiles(path(encode.image)));
  expect(await page.locator(".tile").count()).toBe(before + 1);
  await expect(page.locator(".tile").first().locator("input")).toBeChecked();
  await expect(page.locator(".tile").first().locator("img")).toHaveAttribute("src", /^data:image/);
  await choosePhoto(page, path(chain.contents[0]!));
  expectSame(await savePng(page), chain.expected[0]!);
});

test("thumbnails choose the style, by mouse and by arrow keys", async () => {
  await painted(page, () => page.getByTitle(/^The Scream/).click());
  const scream = await picture();
  await expect(page.locator("#caption")).toHaveText("The Scream");
  await painted(page, () => page.keyboard.press("ArrowRight"));
  await expect(page.locator("#caption")).not.toHaveText("The Scream");
  expect(await picture()).not.toBe(scream);
  await painted(page, () => page.keyboard.press("ArrowLeft"));
  await expect(page.locator("#caption")).toHaveText("The Scream");
  expect(await picture()).toBe(scream);
});

test("saves a JPEG under a name that tells what it is", async () => {
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save as JPEG" }).click();
  expect((await download).suggestedFilename()).toBe("smallest-the-scream-16x16.jpg");
  expect(readFileSync(await (await download).path()).subarray(0, 3)).toEqual(Buffer.from([0xff, 0xd8, 0xff]));
});

test("a photo taken with the camera held upright is painted upright", async () => {
  // A JPEG of 32 × 16 pixels that says in its EXIF data: turn me by 90 degrees.
  const jpeg = await page.evaluate(() => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 32, height: 16 });
    canvas.getContext("2d");
    return atob(canvas.toDataURL("image/jpeg").split(",")[1]!);
  });
  const exif = "\xff\xe1\0\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
  const buffer = Buffer.from(jpeg.slice(0, 2) + exif + jpeg.slice(2), "latin1");
  await painted(page, () => page.locator("#photo-file").setInputFiles({ name: "a.jpg", mimeType: "image/jpeg", buffer }));
  await expect(page.locator("#status")).toContainText("16 × 32 pixels");
});

test("a bad file gives one line, and the page stays alive", async () => {
  const bad = { name: "notes.jpg", mimeType: "image/jpeg", buffer: Buffer.from("these are notes") };
  await page.locator("#photo-file").setInputFiles(bad);
  await expect(page.getByRole("alert")).toContainText("Sorry: notes.jpg is not a picture that this browser reads");
  const heic = { ...bad, name: "a.heic", buffer: Buffer.from("\0\0\0\x18ftypheic\0\0\0\0", "latin1") };
  await page.locator("#photo-file").setInputFiles(heic);
  await expect(page.getByRole("alert")).toContainText("a.heic is a HEIC picture, which this browser does not read");
  const tiles = await page.locator(".tile").count();
  await page.locator("#painting-file").setInputFiles({ ...bad, name: "code.npy" });
  await expect(page.getByRole("alert")).toContainText("code.npy is not a .npy file");
  await page.locator("#painting-file").setInputFiles({ ...bad, name: "short.f32", buffer: Buffer.alloc(8) });
  await expect(page.getByRole("alert")).toContainText(/2 values, \d+ were expected/);
  expect(await page.locator(".tile").count(), "tiles").toBe(tiles);
  await painted(page, () => page.getByTitle(/^Dance/).click());
  await expect(page.getByRole("alert")).toBeHidden();
});

test("photos are taken from drops and pastes, paintings from drops on the panel", async () => {
  const transfer = await page.evaluateHandle(
    ([data, name]) => {
      const bytes = Uint8Array.from(atob(data!), (letter) => letter.charCodeAt(0));
      const transfer = new DataTransfer();
      transfer.items.add(new File([bytes], name!, { type: "image/png" }));
      return transfer;
    },
    [readFileSync(smallest).toString("base64"), "dropped.png"],
  );
  const tiles = await page.locator(".tile").count();
  const drop = (x: number) => ({ dataTransfer: transfer, clientX: x, clientY: 300, bubbles: true });
  await page.dispatchEvent("body", "dragover", drop(200));
  await expect(page.getByText("Drop a photo to paint")).toBeVisible();
  await painted(page, () => page.dispatchEvent("body", "drop", drop(200)));
  await expect(page.getByText("Drop a photo to paint")).toBeHidden();
  expect(await page.locator(".tile").count()).toBe(tiles);
  await painted(page, () => page.dispatchEvent("body", "drop", drop(1200)));
  expect(await page.locator(".tile").count()).toBe(tiles + 1);
  await painted(page, () =>
    page.evaluate((clipboardData) => window.dispatchEvent(new ClipboardEvent("paste", { clipboardData })), transfer),
  );
});

test("a slider that is moved paints its newest value at once, and never freezes the page", async () => {
  await choosePhoto(page, path(photo));
  const before = await picture();
  const { asked, shown, frames } = await page.evaluate(async () => {
    const painter = painters.fast;
    const asked: number[] = [];
    const { stylizeBatch } = painter;
    painter.stylizeBatch = async (contents, codes, alpha) => {
      asked.push(alpha);
      await new Promise((resolve) => setTimeout(resolve, 100)); // as a slow device
      return stylizeBatch.call(painter, contents, codes, alpha);
    };
    const result = document.getElementById("result") as HTMLCanvasElement;
    const shown = new Set<string>();
    const slider = document.getElementById("alpha") as HTMLInputElement;
    const frame = () => new Promise(requestAnimationFrame);
    let frames = 0;
    const count = () => (frames++, requestAnimationFrame(count));
    requestAnimationFrame(count);
    for (let value = 100; value >= 60; value--) {
      slider.value = String(value);
      slider.dispatchEvent(new Event("input"));
      await frame();
      shown.add(result.toDataURL());
    }
    slider.dispatchEvent(new Event("change"));
    while (document.getElementById("stage")!.getAttribute("aria-busy") === "true") await frame();
    painter.stylizeBatch = stylizeBatch;
    return { asked, shown: shown.size, frames };
  });
  expect(shown, "pictures on the way").toBeGreaterThan(2);
  expect(asked.length, "values that were painted").toBeLessThan(30);
  expect(asked.at(-1)).toBe(0.6);
  expect(frames).toBeGreaterThan(40);
  const after = await picture();
  expect(after).not.toBe(before);
  await choosePhoto(page, path(photo));
  expect(await picture()).toBe(after);
  await choosePhoto(page, smallest);
  await painted(page, () => page.locator("#alpha").fill("100"));
});

test("the photo can be compared by keyboard", async () => {
  const split = page.getByRole("slider", { name: "Compare with the photo" });
  await split.focus();
  await page.keyboard.press("Home");
  await expect(split).toHaveAttribute("aria-valuetext", "0 percent photo");
  await page.keyboard.press("End");
  await expect(split).toHaveAttribute("aria-valuetext", "100 percent photo");
  await expect(page.locator("#before")).toHaveCSS("clip-path", "inset(0px 0% 0px 0px)");
});

/** From now on a picture of that network takes a minute. */
const hold = (quality: Quality) =>
  page.evaluate((quality) => {
    const painter = painters[quality];
    const side = quality === "fast" ? 2048 : 1024;
    const large = { width: side, height: side, data: new Uint8Array(side * side * 3) };
    painter.stylize = async (_, code, alpha) => (await painter.stylizeBatch([large], [code], alpha))[0]!;
  }, quality);
const release = (quality: Quality) => page.evaluate((quality) => void Reflect.deleteProperty(painters[quality], "stylize"), quality);

test("Finest paints the large network's golden picture, and survives a reload", async () => {
  const [finest, fast] = ["Finest", "Fast"].map((name) => page.getByRole("radio", { name }));
  const full = findCase((each) => isPlain(each) && each.contents[0] === photo, manifest.stylize);
  await expect(fast!).toBeChecked();
  await addCode(full.styles[0]![0]!.code);
  await painted(page, () => finest!.check({ force: true }));
  await choosePhoto(page, path(photo));
  expectSame(await savePng(page), full.expected[0]!);
  await painted(page, () => page.reload());
  await expect(finest!).toBeChecked();
  expectSame(await savePng(page), full.expected[0]!);
  await painted(page, () => fast!.check({ force: true }));
  expectSame(await savePng(page), plain.expected[0]!);
  expect(await page.evaluate(() => painters.finest.model), "the large network's memory is given back").toBeUndefined();
});

test("only the finished picture of this photo is saved and compared, and comes back after a stop", async () => {
  const [save, split] = [page.locator("#save-png"), page.locator("#split")];
  await painted(page, () => page.locator("label", { hasText: "Finest" }).click());
  await choosePhoto(page, path(photo));
  const finished = await picture();
  await hold("finest");
  await page.getByTitle(/^Udnie/).click();
  await expect.poll(picture, "the small network's").not.toBe(finished);
  await expect(save).toBeDisabled();
  await release("finest");
  await page.locator("#cancel").dispatchEvent("click");
  await expect(save).toBeEnabled();
  expect(await picture()).toBe(finished);
  await painted(page, () => page.locator("label", { hasText: "Fast" }).click());

  await hold("fast");
  await page.locator("#photo-file").setInputFiles(smallest);
  await expect(split).toBeDisabled();
  await expect(save).toBeDisabled();
  await release("fast");
  await page.locator("#cancel").dispatchEvent("click");
  await expect(page.locator("#status")).toHaveText("Stopped.");
  await expect(save).toBeDisabled();
});

test("several photos come as a ZIP, without the one that is none", async () => {
  const photos = [smallest, path(photo)].map((file) => ({ name: "a.png", mimeType: "image/png", buffer: readFileSync(file) }));
  const bad = { name: "notes.png", mimeType: "image/png", buffer: Buffer.from("these are notes") };
  const download = page.waitForEvent("download");
  await page.locator("#photo-file").setInputFiles([photos[0]!, bad, photos[1]!]);
  const zip = unzipSync(readFileSync(await (await download).path()));
  expect(Object.keys(zip)).toEqual([expect.stringMatching(/^a-.*-16x16\.jpg$/), expect.stringMatching(/^a-.*-160x120\.jpg$/)]);
  await expect(page.getByRole("alert")).toContainText("1 of 3 photos are not in the ZIP. notes.png is not a picture");
});

test("a random painting, and a copy of the picture", async () => {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  const before = await page.locator("#caption").textContent();
  await painted(page, () => page.getByRole("button", { name: "Random painting" }).click());
  await expect(page.locator("#caption")).not.toHaveText(before!);
  await page.getByRole("button", { name: "Copy the picture" }).click();
  await expect(page.locator("#status")).toHaveText("Copied.");
  expect(await page.evaluate(async () => (await navigator.clipboard.read())[0]!.types)).toEqual(["image/png"]);
});

test("a link opens with style, strength and size; these, the photo and own paintings survive a reload", async ({ browser }) => {
  const other = await browser.newPage();
  await openPage(other, "?threads=1#style=scream&strength=60&size=256");
  await choosePhoto(other, path(photo));
  await painted(other, () => other.locator("#painting-file").setInputFiles(smallest));
  await expect(other.locator("#strokes-row")).toBeVisible();
  await painted(other, () => other.locator("#strokes").fill("256"));
  await painted(other, () => other.reload());
  await expect(other.locator("#status")).toContainText("160 × 120 pixels");
  await expect(other.locator("#alpha")).toHaveValue("60");
  await expect(other.locator("#strokes")).toHaveValue("256");
  await expect(other.locator("[name=size]:checked")).toHaveValue("256");
  await expect(other.locator("#caption")).toHaveText("smallest");
  await other.close();
});

test("a long painting can be stopped", async () => {
  const stopped = page.evaluate(async () => {
    const picture = { width: 2048, height: 2048, data: new Uint8Array(2048 * 2048 * 3) };
    const { styleSize } = await painters.fast.ready;
    return painters.fast.stylize(picture, new Float32Array(styleSize).fill(1), 1).catch((error) => String(error));
  });
  await page.waitForTimeout(500);
  await page.locator("#cancel").dispatchEvent("click");
  expect(await stopped).toContain("stopped");
  await choosePhoto(page, smallest);
  await painted(page, () => page.getByTitle(/^Dance/).click());
});

test("shares the picture where the device can", async ({ browser }) => {
  const phone = await browser.newPage();
  await phone.addInitScript(() => {
    navigator.canShare = () => true;
    navigator.share = async ({ files }: ShareData) => void (document.title = `${files![0]!.name}, ${files![0]!.type}`);
  });
  await openPage(phone);
  await phone.getByRole("button", { name: "Share" }).click();
  await expect(phone).toHaveTitle("cat-the-starry-night-16x16.jpg, image/jpeg");
  await phone.close();
});

test("the camera is painted live, and a snap of it as a photo", async () => {
  await page.getByRole("button", { name: "Camera" }).click();
  await expect(page.locator("#fps")).toContainText("frames/s");
  await expect(page.locator("#save-png")).toBeDisabled();
  const first = await picture();
  await expect(async () => expect(await picture()).not.toBe(first)).toPass(); // the fake camera shows a clock
  await page.locator("label", { hasText: "256" }).click();
  await painted(page, () => page.getByRole("button", { name: "Snap" }).click());
  await expect(page.locator("#fps")).toBeHidden();
  await expect(page.locator("#status")).toContainText("256 ×");
});
