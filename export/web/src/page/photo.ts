import { AdainError, fromCanvas, MIN_SIDE, type Picture } from "../adain";
import { context } from "./dom";

/** What a picture is painted from: a file, or a shot of the camera. */
export interface Photo {
  readonly name: string;
  readonly image: ImageBitmap | HTMLCanvasElement;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * Read a picture file, upright.
 *
 * @throws AdainError the browser cannot read it, or it is too small
 */
export async function openPhoto(file: Blob, name: string): Promise<Photo> {
  let image: ImageBitmap;
  try {
    image = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    if (await isHeic(file)) {
      throw new AdainError(`${name} is a HEIC picture, which this browser does not read; export it as JPEG, or use Safari`);
    }
    throw new AdainError(`${name} is not a picture that this browser reads; give a JPEG, PNG or WebP`);
  }
  if (Math.min(image.width, image.height) < MIN_SIDE) {
    throw new AdainError(`${name} is ${image.width} × ${image.height} pixels; each side needs at least ${MIN_SIDE}`);
  }
  return { name: name.replace(/\.[^.]*$/, ""), image };
}

/** By the first bytes: a box "ftyp" of one of the brands of HEIF. */
async function isHeic(file: Blob): Promise<boolean> {
  return /^.{4}ftyp(hei|hev|mif1|msf1)/s.test(await file.slice(0, 16).text());
}

/** The largest size of the same shape with at most this longer side and this number of pixels; never enlarged. */
export function fit({ width, height }: Size, longest: number, pixels = Infinity): Size {
  const scale = Math.min(1, longest / Math.max(width, height), Math.sqrt(pixels / (width * height)));
  const scaled = (side: number) => Math.max(Math.min(side, MIN_SIDE), Math.round(side * scale));
  return { width: scaled(width), height: scaled(height) };
}

/** The pixels of a picture at a size; transparent parts become white. */
export function pixelsOf(image: CanvasImageSource, { width, height }: Size): Picture {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const drawing = context(canvas);
  drawing.fillStyle = "white";
  drawing.fillRect(0, 0, width, height);
  drawing.drawImage(image, 0, 0, width, height);
  return fromCanvas(drawing.getImageData(0, 0, width, height));
}
