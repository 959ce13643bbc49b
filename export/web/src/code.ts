import { AdainError } from "./errors";

const MAGIC = "\x93NUMPY";
const BYTES = 4; // of a float32

/**
 * Read a style code from a file: `.npy`, or raw little-endian float32.
 *
 * @param file the whole file
 * @param name of the file; its suffix tells the kind
 * @returns float32 [S]
 * @throws AdainError neither of the two kinds, or values that are not finite
 */
export function readCode(file: Uint8Array, name: string): Float32Array {
  if (/\.npy$/i.test(name)) return readNpy(file, name);
  if (/\.f32$/i.test(name)) return readF32(file, name);
  throw new AdainError(`${name} is no style code; give a .npy or .f32 file`);
}

/**
 * Read a `.npy` file of one float32 row, [S] or [1,S], as `adain styles PICTURE` writes it.
 *
 * @throws AdainError another kind of file, another type or shape, cut short, or values that are not finite
 */
export function readNpy(file: Uint8Array, name: string): Float32Array {
  const view = viewOf(file);
  if (file.length < 12 || latin1(file.subarray(0, 6)) !== MAGIC) {
    throw new AdainError(`${name} is not a .npy file; give one that "adain styles" or numpy.save wrote`);
  }
  const wide = view.getUint8(6) >= 2; // from version 2 on the header's length has 4 bytes
  const start = (wide ? 12 : 10) + (wide ? view.getUint32(8, true) : view.getUint16(8, true));
  const header = latin1(file.subarray(wide ? 12 : 10, start));
  const type = /'descr':\s*'([^']*)'/.exec(header)?.[1];
  const shape = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1]?.split(",").filter((side) => side.trim()).map(Number);
  if (type !== "<f4") {
    throw new AdainError(`${name} holds ${type ?? "no known type"}; a style code is little-endian float32 ('<f4')`);
  }
  const size = shape?.at(-1);
  if (!shape || !size || !Number.isInteger(size) || shape.length > 2 || (shape.length === 2 && shape[0] !== 1)) {
    throw new AdainError(`${name} has the shape [${shape?.join(", ") ?? "?"}]; a style code is [S] or [1, S]`);
  }
  if (file.length !== start + size * BYTES) {
    throw new AdainError(
      `${name} has ${file.length} bytes, ${start + size * BYTES} were expected for ${size} values; write it again`,
    );
  }
  return readF32(file.subarray(start), name);
}

/**
 * Read raw little-endian float32 values.
 *
 * @throws AdainError no values, a part of a value, or values that are not finite
 */
export function readF32(file: Uint8Array, name: string): Float32Array {
  if (file.length === 0 || file.length % BYTES !== 0) {
    throw new AdainError(`${name} has ${file.length} bytes; a style code has ${BYTES} for each of its values`);
  }
  const view = viewOf(file);
  const code = Float32Array.from({ length: file.length / BYTES }, (_, i) => view.getFloat32(i * BYTES, true));
  checkCode(code, code.length, name);
  return code;
}

/**
 * Mix styles: the weighted mean of their codes (Huang and Belongie, arXiv 1703.06868, section 6.4).
 *
 * @param codes one or more of the same length S
 * @param weights one for each code, finite, 0 or more; only their proportions count
 * @returns float32 [S]
 * @throws AdainError no codes, different lengths, or weights that cannot be scaled to the sum 1
 */
export function blend(codes: readonly Float32Array[], weights: readonly number[]): Float32Array {
  const [first] = codes;
  if (!first || codes.length !== weights.length) {
    throw new AdainError(`${codes.length} codes and ${weights.length} weights came; give one weight for each code`);
  }
  codes.forEach((code, i) => checkCode(code, first.length, `code ${i + 1}`));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (!weights.every((weight) => weight >= 0) || !Number.isFinite(sum) || sum === 0) {
    throw new AdainError(`the weights are ${weights.join(", ")}; give finite numbers of 0 or more, not all 0`);
  }
  return first.map((_, i) => codes.reduce((mean, code, k) => mean + (weights[k]! / sum) * code[i]!, 0));
}

/**
 * Check that a code fits a model.
 *
 * @throws AdainError of another length than `size`, or values that are not finite
 */
export function checkCode(code: Float32Array, size: number, name: string): void {
  if (code.length !== size) {
    throw new AdainError(
      `${name} has ${code.length} values, ${size} were expected; it belongs to another model: encode the picture again`,
    );
  }
  if (!code.every(Number.isFinite)) {
    throw new AdainError(`${name} has values that are not finite; encode the picture again`);
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
