/** Style codes: opaque Float32Arrays of length S that stand for a style. They are linear, so their mean is a blend. */
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { AdaINError, reason } from "./errors.js";

/**
 * Read a style code from a file.
 *
 * @param path `.npy`, little-endian float32 of shape [S] or [1,S]; or `.f32`, the same values without a header.
 * @returns S finite values. Whether S fits the model is checked when the code is used.
 * @throws AdaINError missing, another kind of file, or a value that is not finite.
 */
export async function loadCode(path: string): Promise<Float32Array> {
  const suffix = extname(path).toLowerCase();
  if (suffix !== ".npy" && suffix !== ".f32") {
    throw new AdaINError(`${path} is not a style code; give a .npy file, or raw float32 values in a .f32 file`);
  }
  const file = await readFile(path).catch((error: unknown) => {
    throw new AdaINError(`the style code cannot be read (${reason(error)}); give an existing file`, { cause: error });
  });
  const values = suffix === ".npy" ? npyData(file, path) : file;
  if (values.length === 0 || values.length % 4 !== 0) {
    throw new AdaINError(`${path} holds ${values.length} bytes of values; float32 values of 4 bytes were expected`);
  }
  const code = Float32Array.from({ length: values.length / 4 }, (_, i) => values.readFloatLE(4 * i));
  checkFinite(code, path);
  return code;
}

/**
 * The style between several: the weighted mean of their codes.
 *
 * @param codes of one model, one or more.
 * @param weights one for each code, 0 or more, in any unit: 3 and 1 are the same as 0.75 and 0.25.
 * @throws AdaINError weights that do not fit the codes, are negative, not finite, or all 0; codes of different lengths.
 */
export function blend(codes: readonly Float32Array[], weights: readonly number[]): Float32Array {
  const [first] = codes;
  if (first === undefined || codes.length !== weights.length) {
    throw new AdaINError(`${weights.length} weights came for ${codes.length} codes; give one weight for each code`);
  }
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (!(weights.every((weight) => weight >= 0) && sum > 0 && Number.isFinite(sum))) {
    throw new AdaINError(`the weights are ${weights.join(", ")}; give finite numbers of 0 or more, not all of them 0`);
  }
  if (codes.some((code) => code.length !== first.length)) {
    const lengths = codes.map((code) => code.length).join(", ");
    throw new AdaINError(`the codes have ${lengths} values, so they are of different models; encode them with one`);
  }
  return first.map((_, i) => codes.reduce((total, code, k) => total + (weights[k]! / sum) * code[i]!, 0));
}

/** @throws AdaINError a value of the code is not finite. */
export function checkFinite(code: Float32Array, name: string): void {
  const bad = code.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new AdaINError(
      `${name} is ${code[bad]} at position ${bad}, finite values were expected; encode the style again`,
    );
  }
}

/** The values of a .npy file (numpy's format, versions 1 to 3), after a check of its header. */
function npyData(file: Buffer, path: string): Buffer {
  if (file.length < 12 || file.toString("latin1", 0, 6) !== "\x93NUMPY") {
    throw new AdaINError(`${path} is not a .npy file; write it with numpy.save or \`adain styles PICTURE -o\``);
  }
  const [start, length] = file[6] === 1 ? [10, file.readUInt16LE(8)] : [12, file.readUInt32LE(8)];
  const header = file.toString("latin1", start, start + length);
  const type = /'descr': *'([^']*)'/.exec(header)?.[1];
  const shape = /'shape': *\(([0-9, ]*)\)/.exec(header)?.[1];
  const sides = (shape?.match(/\d+/g) ?? []).map(Number);
  const [rows, size] = sides.length === 1 ? [1, sides[0]!] : [sides[0], sides[1]];
  if (type !== "<f4" || sides.length > 2 || rows !== 1) {
    throw new AdaINError(
      `${path} holds ${type} of shape [${sides}]; little-endian float32 (<f4) [S] or [1,S] was expected`,
    );
  }
  const values = file.subarray(start + length);
  if (values.length !== 4 * size!) {
    throw new AdaINError(`${path} has ${values.length} bytes of values, its header says ${4 * size!}; write it again`);
  }
  return values;
}
