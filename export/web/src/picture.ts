import { AdainError } from "./errors";

/** A picture as the model takes and gives it: sRGB, rows from the top, red first. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** uint8 [height, width, 3] */
  readonly data: Uint8Array;
}

/** What a canvas takes and gives: the same with a fourth channel. */
export interface CanvasPixels {
  readonly width: number;
  readonly height: number;
  /** uint8 [height, width, 4] */
  readonly data: Uint8ClampedArray;
}

/** The shortest side that the model takes, in pixels. */
export const MIN_SIDE = 16;

/**
 * Check what is given to the model.
 *
 * @throws AdainError sides below MIN_SIDE, or data of another length than 3 bytes a pixel
 */
export function checkPicture({ width, height, data }: Picture, name: string): void {
  if (!Number.isInteger(width) || !Number.isInteger(height) || Math.min(width, height) < MIN_SIDE) {
    throw new AdainError(`${name} is ${width} × ${height} pixels; each side needs at least ${MIN_SIDE}`);
  }
  if (!(data instanceof Uint8Array) || data.length !== width * height * 3) {
    throw new AdainError(`${name} has ${data.length} bytes; ${width} × ${height} × 3 were expected, as a Uint8Array`);
  }
}

/** Drop the alpha channel; the caller has put the picture on an opaque ground. */
export function fromCanvas({ width, height, data }: CanvasPixels): Picture {
  const rgb = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
    rgb[to] = data[from]!;
    rgb[to + 1] = data[from + 1]!;
    rgb[to + 2] = data[from + 2]!;
  }
  return { width, height, data: rgb };
}

/** Add an opaque alpha channel. */
export function toCanvas({ width, height, data }: Picture): { data: Uint8ClampedArray<ArrayBuffer> } & CanvasPixels {
  const rgba = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    rgba[to] = data[from]!;
    rgba[to + 1] = data[from + 1]!;
    rgba[to + 2] = data[from + 2]!;
  }
  return { width, height, data: rgba };
}
