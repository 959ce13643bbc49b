import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

test("the code in README.md compiles", async (t) => {
  const client = fileURLToPath(new URL("../..", import.meta.url));
  const [, code] = /```ts\n(.*?)```/s.exec(await readFile(join(client, "README.md"), "utf8"))!;
  const folder = await mkdtemp(join(client, ".readme-")); // in the package, which may import itself by its name
  t.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "snippet.ts"), code!);
  const config = { extends: "../tsconfig.json", compilerOptions: { noEmit: true, rootDir: "..", noUnusedLocals: false } };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ ...config, include: ["snippet.ts"] }));
  const tsc = join(client, "node_modules", "typescript", "bin", "tsc");
  assert.doesNotThrow(() => execFileSync(process.execPath, [tsc, "-p", folder], { stdio: "pipe" }));
});
