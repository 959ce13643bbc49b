import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { ModelProto } from "../src/contract.js";
import { modelsFolder, type Picture } from "../src/index.js";

export const STYLIZER = join(modelsFolder(), "stylizer.onnx");
export const STYLE_ENCODER = join(modelsFolder(), "style_encoder.onnx");
export const CLI = fileURLToPath(new URL("../src/cli.js", import.meta.url));

/** Session options that leave the other cores alone. */
export const ONE_THREAD = { intraOpNumThreads: 1 };

/** A folder that is removed after the test. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "adain-"));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

/** A picture of soft waves of colour. */
export function waves(width: number, height: number): Picture {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => 128 + 120 * Math.sin(i / 17));
  return { width, height, data };
}

/** The bytes of a model with other metadata: in protobuf, what is appended to a file is read as a part of it. */
export async function withMetadata(file: string, changes: Record<string, string>): Promise<Buffer> {
  const metadataProps = Object.entries(changes).map(([key, value]) => ({ key, value }));
  return Buffer.concat([await readFile(file), ModelProto.encode({ metadataProps }).finish()]);
}

/** For `assert.rejects` and `assert.throws`: an AdaINError of one line whose message fits. */
export function adainError(message: RegExp): (error: Error) => boolean {
  return (error) => error.name === "AdaINError" && message.test(error.message) && !error.message.includes("\n");
}
