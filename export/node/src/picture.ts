/** Picture files and RGB pixels, both ways. sharp decodes and encodes. */
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import sharp from "sharp";
import { MIN_SIDE } from "./contract.js";
import { AdaINError, reason } from "./errors.js";

/** A picture as the models take and give it. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** height x width x 3 bytes: sRGB, red first, rows from the top. */
  readonly data: Uint8Array;
}

/**
 * Read a picture file: turned upright by its EXIF orientation, converted to sRGB by its colour profile, 8 bits a
 * channel; what is transparent is laid on white.
 *
 * @param path JPEG, PNG, or another format that sharp reads.
 * @param shorterSide shrink the picture so that its shorter side has at most so many pixels.
 * @throws AdaINError missing, no picture, broken or cut short.
 */
export async function readPicture(path: string, shorterSide?: number): Promise<Picture> {
  try {
    // The bytes and not the path: sharp's cache does not notice that a file has changed.
    const image = sharp(await readFile(path))
      .autoOrient()
      .flatten({ background: "white" });
    if (shorterSide !== undefined) {
      image.resize(shorterSide, shorterSide, { fit: "outside", withoutEnlargement: true });
    }
    const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, data };
  } catch (error) {
    throw new AdaINError(`${path} cannot be read as a picture (${reason(error)}); give a JPEG or PNG file`, {
      cause: error,
    });
  }
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
