import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";

const client = resolve(import.meta.dirname, "../..");

// What the snippet takes for granted.
const GIVEN = `
declare const photo: ImageData, painting: ImageData, bytes: Uint8Array;
declare const a: import("./src/adain").Picture, b: import("./src/adain").Picture;
declare const context: CanvasRenderingContext2D;
`;

it("the code in README.md compiles", () => {
  const code = /```ts\n(.*?)```/s.exec(readFileSync(join(client, "README.md"), "utf8"))![1]!;
  const folder = mkdtempSync(join(client, ".readme-"));
  try {
    writeFileSync(join(folder, "snippet.ts"), (code + GIVEN).replaceAll('"./src/', '"../src/'));
    const compilerOptions = { noEmit: true, noUnusedLocals: false };
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({ extends: "../tsconfig.json", compilerOptions, include: ["snippet.ts", "../src/vite.d.ts"] }),
    );
    const tsc = join(client, "node_modules/typescript/bin/tsc");
    expect(() => execFileSync(process.execPath, [tsc, "-p", folder], { stdio: "pipe" })).not.toThrow();
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 60_000);
