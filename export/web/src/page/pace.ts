import type { Size } from "./photo";

const LEARNS = 0.4; // share of the newest picture in what is known
const BASE = 20_000; // pixels that take as long as what has to be done for a picture of any size

/** How fast this device paints, learned from what it has painted; time grows with the number of pixels. */
export class Pace {
  #perPixel: number; // ms
  #ends = 0; // when the running one will be done

  /** @param perPixel ms, to begin with */
  constructor(perPixel: number) {
    this.#perPixel = perPixel;
  }

  /** How long a picture will take, in ms. */
  duration({ width, height }: Size): number {
    return (width * height + BASE) * this.#perPixel;
  }

  /** How long the running one will take from now on, in ms. */
  get remaining(): number {
    return Math.max(0, this.#ends - performance.now());
  }

  /** The side of a square that takes at most `ms`, in steps of 32 px between `min` and `max`. */
  side({ ms, min, max }: { ms: number; min: number; max: number }): number {
    const side = Math.floor(Math.sqrt(Math.max(0, ms / this.#perPixel - BASE)) / 32) * 32;
    return Math.min(max, Math.max(min, side));
  }

  /** Run the work that paints a picture of this size, and learn from it. */
  async measure<T>(size: Size, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    this.#ends = start + this.duration(size);
    try {
      const result = await work();
      this.#perPixel += LEARNS * ((performance.now() - start) / (size.width * size.height + BASE) - this.#perPixel);
      return result;
    } finally {
      this.#ends = 0;
    }
  }
}
