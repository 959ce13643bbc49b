/** The program, as a user runs it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import sharp from "sharp";
import { readPicture, stylesFolder, writePicture } from "../src/index.js";
import { CLI, temporaryFolder, waves } from "./helpers.js";

function adain(folder: string, args: string[], env: NodeJS.ProcessEnv = {}) {
  return spawnSync(process.execPath, [CLI, ...args], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
}

/** The names of two styles of the bank. */
async function twoStyles(): Promise<[string, string]> {
  const index = JSON.parse(await readFile(join(stylesFolder(), "index.json"), "utf8")) as { styles: object };
  const [first, second] = Object.keys(index.styles);
  return [first!, second!];
}

test("a good run writes a picture of the size of the content", async (t) => {
  const folder = await temporaryFolder(t);
  const [first, second] = await twoStyles();
  await writePicture(waves(45, 31), join(folder, "photo.jpg"));
  await writePicture(waves(64, 40), join(folder, "painting.png"));
  await copyFile(join(stylesFolder(), `${second}.npy`), join(folder, "code.npy"));
  const runs: Record<string, string[]> = {
    "name.png": ["-s", first],
    "code.png": ["--style", "code.npy"],
    "painting.jpg": ["-s", "painting.png"],
    "strokes.png": ["-s", "painting.png", "--style-size", "20", "--threads", "1"],
    "weak.png": ["-s", first, "-a", "0.3"],
    "blend.png": ["-s", first, "--style2", "code.npy", "--blend", "0.5"],
    "second.png": ["-s", first, "--style2", "code.npy", "--blend", "1"],
  };
  const written: Record<string, Buffer> = {};
  for (const [out, args] of Object.entries(runs)) {
    const { status, stdout, stderr } = adain(folder, ["photo.jpg", ...args, "-o", out]);
    assert.deepEqual([status, stdout, stderr], [0, "", ""], out);
    const { width, height, data } = await readPicture(join(folder, out));
    assert.deepEqual([width, height], [45, 31], out);
    written[out] = Buffer.from(data);
  }
  assert.deepEqual(written["second.png"], written["code.png"], "--blend is the share of the second style");
  assert.equal(new Set(Object.values(written).map(String)).size, 6, "every other run gives another picture");
});

test("what is left out of an animation is one line, and the exit code stays 0", async (t) => {
  const folder = await temporaryFolder(t);
  const raw = { width: 20, height: 40, channels: 3 as const, pageHeight: 20 };
  await sharp(Buffer.from(waves(20, 40).data), { raw }).toFile(join(folder, "photo.gif"));
  const { status, stdout, stderr } = adain(folder, ["photo.gif", "-s", "photo.gif", "-o", "out.png"]);
  const line = "adain: photo.gif has 2 frames or pages; the first one is taken\n";
  assert.deepEqual([status, stdout, stderr], [0, "", line + line]);
});

test("bad input is one line and exit code 2, and nothing is written", async (t) => {
  const folder = await temporaryFolder(t);
  const [style] = await twoStyles();
  await writePicture(waves(20, 20), join(folder, "photo.png"));
  await writeFile(join(folder, "text.png"), "no picture");
  await writeFile(join(folder, "short.f32"), Buffer.alloc(40));
  const before = await readdir(folder);
  const runs: [string[], RegExp][] = [
    [[], /are needed/],
    [["photo.png", "-o", "out.png"], /are needed/],
    [["photo.png", "photo.png", "-s", style, "-o", "out.png"], /one CONTENT/],
    [["photo.png", "-s", style, "-o", "out.png", "--loud"], /--loud/],
    [["missing.png", "-s", style, "-o", "out.png"], /missing\.png cannot be read/],
    [["text.png", "-s", style, "-o", "out.png"], /text\.png cannot be read/],
    [["photo.png", "-s", "text.png", "-o", "out.png"], /text\.png cannot be read/],
    [["photo.png", "-s", "short.f32", "-o", "out.png"], /has 10 values/],
    [["photo.png", "-s", "no\nstyle", "-o", "out.png"], /no style; the styles are/],
    [["photo.png", "-s", "photo.png", "-o", "out.png", "--style-size", "8"], /the size is 8/],
    [["photo.png", "-s", "photo.png", "-o", "out.png", "--threads", "many"], /--threads is many/],
    [["photo.png", "-s", style, "-o", "out.gif"], /out\.gif ends with none/],
    [["photo.png", "-s", style, "-o", "missing/out.png"], /cannot be written/],
    [["photo.png", "-s", style, "-o", "out.png", "-a", "NaN"], /--alpha is NaN/],
    [["photo.png", "-s", style, "-o", "out.png", "-a", ""], /--alpha is/],
    [["photo.png", "-s", style, "-o", "out.png", "--style2", style, "--blend", "2"], /--blend is 2/],
    [["photo.png", "-s", style, "-o", "out.png", "--blend", "1"], /go together/],
  ];
  for (const [args, message] of runs) {
    const { status, stdout, stderr } = adain(folder, args);
    assert.equal(status, 2, `${args}: ${stderr}`);
    assert.equal(stdout, "");
    assert.match(stderr, /^adain: [^\n]+\n$/, String(args));
    assert.match(stderr, message);
  }
  assert.deepEqual(await readdir(folder), before);
});

test("ADAIN_MODELS names the folder of the models", async (t) => {
  const folder = await temporaryFolder(t);
  await writePicture(waves(20, 20), join(folder, "photo.png"));
  const { status, stderr } = adain(folder, ["photo.png", "-s", "x", "-o", "out.png"], { ADAIN_MODELS: folder });
  assert.equal(status, 2);
  assert.match(stderr, /the stylizer cannot be read/);
  assert.ok(stderr.includes(join(folder, "stylizer.onnx")));
  const args = ["photo.png", "-s", "scream", "-o", "out.png", "--model", "large"];
  assert.equal(adain(folder, args, { ADAIN_MODELS: folder }).status, 0);
});

test("--model fast paints with the small network", async (t) => {
  const folder = await temporaryFolder(t);
  await writePicture(waves(20, 20), join(folder, "photo.png"));
  const paint = async (out: string, extra: string[], env = {}) => {
    const { status, stderr } = adain(folder, ["photo.png", "-s", "photo.png", "-o", out, ...extra], env);
    assert.equal(status, 0, stderr);
    return (await readPicture(join(folder, out))).data;
  };
  const fast = await paint("fast.png", ["--model", "fast"]);
  assert.deepEqual(await paint("variable.png", [], { ADAIN_MODELS: "fast" }), fast);
  assert.notDeepEqual(await paint("large.png", ["--model", "large"]), fast);
});

test("--help tells the options", async (t) => {
  const { status, stdout } = adain(await temporaryFolder(t), ["--help"]);
  assert.equal(status, 0);
  assert.match(stdout, /^usage: adain CONTENT -s STYLE -o OUT/);
});
