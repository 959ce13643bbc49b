/** Picture files and RGB pixels, both ways. sharp decodes and encodes. */
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { MIN_SIDE, PAINTING_SIZE } from "./contract.js";
import { AdaINError, reason } from "./errors.js";

/** A picture as the models take and give it. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** height x width x 3 bytes: sRGB, red first, rows from the top. */
  readonly data: Uint8Array;
}

/** Larger pictures are not read: 0.54 GB of pixels, the limit of the Python package too. */
const MAX_PIXELS = 178_956_970;

/**
 * Read a picture file: turned upright by its EXIF orientation, converted to sRGB by its colour profile (CMYK without
 * one by the plain formula), 8 bits a channel; what is transparent is laid on white. Of several frames or pages the first.
 *
 * @param path JPEG, PNG, or another format that sharp reads.
 * @param tell gets a line about what was left out, if anything.
 * @throws AdaINError missing, no picture, broken, cut short, or of more than 178,956,970 pixels.
 */
export async function readPicture(path: string, tell: (line: string) => void = () => {}): Promise<Picture> {
  try {
    // The bytes and not the path: sharp's cache does not notice that a file has changed.
    const image = sharp(await readFile(path), { limitInputPixels: MAX_PIXELS }).autoOrient();
    const { space, icc, pages = 1 } = await image.metadata();
    if (pages > 1) tell(`${path} has ${pages} frames or pages; the first one is taken`);
    if (space === "cmyk" && icc === undefined) {
      return fromInks(await raw(image.pipelineColourspace("cmyk").toColourspace("cmyk")));
    }
    return await raw(image.flatten({ background: "white" }));
  } catch (error) {
    throw new AdaINError(`${path} cannot be read as a picture (${reason(error)}); give a JPEG or PNG file`, {
      cause: error,
    });
  }
}

const LONGEST = 8; // a painting's longer side in shorter ones, up to which it is encoded in the usual size

/**
 * The shorter side, in pixels, to which a painting is shrunk unless another is asked for: PAINTING_SIZE; of a scroll or
 * a frieze less, so that it has no more pixels than a painting 8 times as long as wide.
 */
export function paintingSize({ width, height }: Picture): number {
  const [shorter, longer] = [Math.min(width, height), Math.max(width, height)];
  return Math.max(MIN_SIDE, Math.round(PAINTING_SIZE * Math.sqrt(Math.min(1, (LONGEST * shorter) / longer))));
}

/**
 * A painting as it is encoded: its shorter side at most `size` pixels, by the Lanczos filter.
 *
 * @param painting stays as it is where it is smaller.
 * @throws AdaINError a size below 16, or a malformed picture.
 */
export async function shrink(painting: Picture, size: number): Promise<Picture> {
  checkPicture(painting, "the painting");
  if (!(Number.isSafeInteger(size) && size >= MIN_SIDE)) {
    throw new AdaINError(`the size is ${size}; give the pixels of the shorter side, ${MIN_SIDE} or more`);
  }
  const { width, height } = painting;
  const side = Math.min(width, height);
  if (side <= size) return painting;
  const scaled = (length: number) => roundToEven((length * size) / side);
  // One axis after the other, so that values are rounded and cut to 8 bits in between, as the contract says.
  return resize(await resize(painting, scaled(width), height), scaled(width), scaled(height));
}

function resize({ width, height, data }: Picture, toWidth: number, toHeight: number): Promise<Picture> {
  const image = sharp(data, { raw: { width, height, channels: 3 } });
  return raw(image.resize(toWidth, toHeight, { fit: "fill", kernel: "lanczos3" }));
}

function roundToEven(value: number): number {
  return value % 1 === 0.5 ? 2 * Math.round(value / 2) : Math.round(value);
}

async function raw(image: Sharp): Promise<Picture> {
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data };
}

/** RGB of CMYK, where 255 is all ink, by the plain formula. */
function fromInks({ width, height, data }: Picture): Picture {
  const light = (i: number, ink: number) => ((255 - data[4 * i + ink]!) * (255 - data[4 * i + 3]!)) / 255;
  const rgb = Uint8Array.from({ length: width * height * 3 }, (_, i) => Math.round(light(Math.floor(i / 3), i % 3)));
  return { width, height, data: rgb };
}

/** @throws AdaINError the suffix is none that `writePicture` writes. */
export function checkSuffix(path: string): void {
  if (!/\.(png|jpe?g)$/i.test(path)) {
    throw new AdaINError(`${path} ends with none of .png, .jpg and .jpeg; name the picture to write so`);
  }
}

/**
 * Write a picture file, whole or not at all: PNG, or JPEG of quality 95 without chroma subsampling, by the suffix.
 *
 * @throws AdaINError another suffix, data that does not fit the sides, or a file that cannot be written.
 */
export async function writePicture(picture: Picture, path: string): Promise<void> {
  checkSuffix(path);
  checkPicture(picture, "the picture");
  const { width, height, data } = picture;
  const image = sharp(data, { raw: { width, height, channels: 3 } });
  const png = extname(path).toLowerCase() === ".png";
  const part = join(dirname(path), `.${basename(path)}.${process.pid}.part`);
  try {
    await writeFile(
      part,
      await (png ? image.png() : image.jpeg({ quality: 95, chromaSubsampling: "4:4:4" })).toBuffer(),
    );
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw new AdaINError(`${path} cannot be written (${reason(error)}); check the folder and its rights`, {
      cause: error,
    });
  }
}

/** @throws AdaINError a side below 16, or data that does not fit the sides. */
export function checkPicture({ width, height, data }: Picture, name: string): void {
  if (!(Number.isSafeInteger(width) && Number.isSafeInteger(height) && Math.min(width, height) >= MIN_SIDE)) {
    throw new AdaINError(
      `${name} is ${width} x ${height} pixels, sides of at least ${MIN_SIDE} were expected; enlarge it`,
    );
  }
  if (!(data instanceof Uint8Array) || data.length !== width * height * 3) {
    const came = data instanceof Uint8Array ? `${data.length} bytes` : "no Uint8Array";
    throw new AdaINError(`${name} of ${width} x ${height} pixels has ${came}; give ${width * height * 3} bytes of RGB`);
  }
}
