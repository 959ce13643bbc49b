import { AdainError } from "./errors";
import { checkPicture, MIN_SIDE, type Picture } from "./picture";

/** The shorter side, in pixels, to which paintings are shrunk unless another is asked for (export/CONTRACT.md). */
export const PAINTING_SIZE = 512;

const LOBES = 3;

/**
 * A painting as it is encoded: its shorter side at most `size` pixels, by the Lanczos filter; smaller ones stay as
 * they are. A canvas would do it by another filter, and each browser by its own.
 *
 * @throws AdainError a size below MIN_SIDE, or what is no picture
 */
export function shrink(painting: Picture, size: number): Picture {
  checkPicture(painting, "the painting");
  if (!(Number.isInteger(size) && size >= MIN_SIDE)) {
    throw new AdainError(`the size is ${size}; give the pixels of the shorter side, ${MIN_SIDE} or more`);
  }
  const { width, height } = painting;
  const side = Math.min(width, height);
  if (side <= size) return painting;
  const [toWidth, toHeight] = [width, height].map((length) => roundToEven((length * size) / side)) as [number, number];
  // One axis after the other, so that values are rounded and cut to 8 bits in between, as the contract says.
  const narrow = new Uint8Array(toWidth * height * 3);
  const across = filter(width, toWidth);
  for (let line = 0; line < height * 3; line++) {
    const y = Math.floor(line / 3);
    resize(painting.data, y * width * 3 + (line % 3), narrow, y * toWidth * 3 + (line % 3), 3, across);
  }
  const data = new Uint8Array(toWidth * toHeight * 3);
  const down = filter(height, toHeight);
  for (let line = 0; line < toWidth * 3; line++) resize(narrow, line, data, line, toWidth * 3, down);
  return { width: toWidth, height: toHeight, data };
}

/** Of a new value, the first old one that it comes from, and the weights of the old values from there. */
interface Part {
  readonly start: number;
  readonly weights: Float64Array;
}

function filter(from: number, to: number): Part[] {
  const scale = from / to;
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const start = Math.max(0, Math.floor(centre - LOBES * scale + 0.5));
    const end = Math.min(from, Math.floor(centre + LOBES * scale + 0.5));
    const weights = Float64Array.from({ length: end - start }, (_, j) => lanczos((start + j - centre + 0.5) / scale));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { start, weights: weights.map((weight) => weight / sum) };
  });
}

function lanczos(x: number): number {
  if (x === 0) return 1;
  const t = Math.PI * x;
  return Math.abs(x) < LOBES ? (LOBES * Math.sin(t) * Math.sin(t / LOBES)) / (t * t) : 0;
}

/** Resize one line; `step` is from a value to the next of its line, the same in both arrays. */
function resize(from: Uint8Array, start: number, to: Uint8Array, at: number, step: number, parts: Part[]): void {
  for (const part of parts) {
    let sum = 0;
    let source = start + part.start * step;
    for (const weight of part.weights) {
      sum += weight * from[source]!;
      source += step;
    }
    to[at] = Math.min(255, Math.max(0, Math.floor(sum + 0.5)));
    at += step;
  }
}

function roundToEven(value: number): number {
  return value % 1 === 0.5 ? 2 * Math.round(value / 2) : Math.round(value);
}
