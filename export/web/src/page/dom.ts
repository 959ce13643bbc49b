/** The element of index.html with this id, which must be of the given kind. */
export function element<T extends Element>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`index.html has no ${kind.name} #${id}`);
  return found;
}

/** A canvas's drawing context for pictures that are read back. */
export function context(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const found = canvas.getContext("2d", { willReadFrequently: true });
  if (!found) throw new Error("the browser gives no canvas");
  found.imageSmoothingQuality = "high";
  return found;
}

/** Pixels with their fourth channel, as a canvas. */
export function canvasOf({ width, height, data }: { width: number; height: number; data: Uint8ClampedArray<ArrayBuffer> }) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  context(canvas).putImageData(new ImageData(data, width, height), 0, 0);
  return canvas;
}
