import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "@playwright/test";
import { startHost } from "./host";
import { expectSame, findCase, isPlain, manifest, path, readCode, readPicture, smallest } from "./tools";

const client = resolve(import.meta.dirname, "../..");
const plain = findCase((each) => isPlain(each) && smallest.endsWith(each.contents[0]!), manifest.stylize);
let site: string;

// A site as people make it: the package as `npm install` unpacks it, one HTML file, and no build.
test.beforeAll(() => {
  site = mkdtempSync(join(client, ".site-"));
  mkdirSync(join(site, "node_modules/adain-web"), { recursive: true });
  execFileSync("npm", ["pack", "--silent", "--pack-destination", site], { cwd: client });
  const packed = readdirSync(site).find((name) => name.endsWith(".tgz"))!;
  execFileSync("tar", ["xzf", packed, "-C", "node_modules/adain-web", "--strip-components=1"], { cwd: site });
  symlinkSync(join(client, "node_modules/onnxruntime-web"), join(site, "node_modules/onnxruntime-web"));
  symlinkSync(resolve(path("../../weights/onnx/stylizer.onnx"), ".."), join(site, "models"));
  writeFileSync(join(site, "index.html"), "<!doctype html><title>plain</title><p>A plain page.");
});

test.afterAll(() => rmSync(site, { recursive: true, force: true }));

test("the packed library paints in a plain HTML file, on its thread and in its worker", async ({ page }) => {
  const host = await startHost("/", site);
  await page.goto(host.address);
  const { width, height, data } = readPicture(path(plain.contents[0]!));
  const job = { width, height, data: [...data], code: [...readCode(path(plain.styles[0]![0]!.code))] };
  const results = await page.evaluate(async ({ width, height, data, code }) => {
    const { load, offers, Painter } = (await import(`${location.origin}/node_modules/adain-web/lib/library.js`)) as typeof import("../../src/library");
    const model = { stylizer: "models/stylizer.onnx", styleEncoder: "models/style_encoder.onnx" };
    const picture = { width, height, data: Uint8Array.from(data) };
    const adain = await load(model, { engines: offers("wasm", "node_modules/onnxruntime-web/dist") });
    const spawn = () => new Worker("node_modules/adain-web/lib/worker.js", { type: "module" });
    const painter = new Painter(spawn, { model, engine: "wasm" });
    painter.start();
    await painter.ready;
    const style = Float32Array.from(code);
    const both = [await adain.stylize(picture, style), await painter.stylize(picture, style, 1)];
    return both.map((each) => ({ ...each, data: [...each.data] }));
  }, job);
  for (const each of results) expectSame({ ...each, data: Uint8Array.from(each.data) }, plain.expected[0]!);
  await host.stop();
});
