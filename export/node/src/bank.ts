/** Where the models and the bank of style codes are. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadCode } from "./code.js";
import { AdaINError, reason } from "./errors.js";

/** The folder of stylizer.onnx and style_encoder.onnx: the variable ADAIN_MODELS, or weights/onnx of this repository. */
export function modelsFolder(): string {
  return process.env["ADAIN_MODELS"] || fileURLToPath(new URL("../../../../weights/onnx", import.meta.url));
}

/** The folder of the bank: `styles` beside the folder of the models. */
export function stylesFolder(): string {
  return join(modelsFolder(), "..", "styles");
}

/**
 * The code of a style of the bank, such as "great-wave".
 *
 * @param folder of index.json and NAME.npy.
 * @param checkpoint SHA-256, of `Stylizer.checkpoint`.
 * @throws AdaINError the bank is missing or broken, is of another checkpoint, or has no such style.
 */
export async function bankCode(name: string, folder: string, checkpoint: string): Promise<Float32Array> {
  const { model, names } = await readIndex(join(folder, "index.json"));
  if (!names.includes(name)) {
    throw new AdaINError(`there is no file and no style named ${name}; the styles are ${names.join(", ")}`);
  }
  if (model !== checkpoint) {
    throw new AdaINError(
      `the style ${name} is of the checkpoint ${model}, the stylizer of ${checkpoint}; give the painting itself`,
    );
  }
  return loadCode(join(folder, `${name}.npy`));
}

async function readIndex(path: string): Promise<{ model: string; names: string[] }> {
  try {
    const { model, styles } = JSON.parse(await readFile(path, "utf8")) as { model: string; styles: object };
    return { model, names: Object.keys(styles) };
  } catch (error) {
    throw new AdaINError(
      `the styles cannot be read from ${path} (${reason(error)}); set ADAIN_MODELS, or give a picture`,
      {
        cause: error,
      },
    );
  }
}
