/** Where the models and the bank of style codes are. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadCode } from "./code.js";
import { AdaINError, reason } from "./errors.js";

/** Of the package's own models, by their names. */
const OWN = new Map([
  ["large", join("weights", "onnx")],
  ["fast", join("weights", "fast")],
]);

/**
 * The folder of a model's stylizer.onnx.
 *
 * @param model "fast" or "large", whose folder is looked for at and above this program, or a folder; the variable
 *   ADAIN_MODELS, or else "large", if not given.
 * @throws AdaINError there is none.
 */
export function modelsFolder(model = process.env["ADAIN_MODELS"] || "large"): string {
  const own = OWN.get(model);
  if (own === undefined) return model;
  const program = fileURLToPath(import.meta.url);
  for (let folder = dirname(program); ; folder = dirname(folder)) {
    const models = join(folder, own);
    if (existsSync(models)) return models;
    if (folder === dirname(folder)) {
      throw new AdaINError(
        `there is no ${own} at or above ${program}; name the folder of the models with --model or ADAIN_MODELS`,
      );
    }
  }
}

/** The style encoder of a folder of models: its own, or else the one in `onnx` beside it, whose codes "fast" takes. */
export function styleEncoderFile(models = modelsFolder()): string {
  const own = join(models, "style_encoder.onnx");
  const shared = join(models, "..", "onnx", "style_encoder.onnx");
  return !existsSync(own) && existsSync(shared) ? shared : own;
}

/** The folder of the bank: `styles` beside the folder of the models. */
export function stylesFolder(models = modelsFolder()): string {
  return join(models, "..", "styles");
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
