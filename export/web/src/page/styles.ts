import index from "@styles/index.json";
import { readCode, readNpy, type Picture } from "../adain";
import { download } from "../download";
import { context } from "./dom";
import { fit, openPhoto, pixelsOf } from "./photo";

/** A painting that can be chosen. */
export interface Style {
  readonly id: string;
  readonly title: string;
  /** Who painted it, and when. */
  readonly detail: string;
  /** The address of a small picture. */
  readonly thumbnail: string;
  readonly movement: string;
  /** Whether the size of its strokes can be chosen. */
  readonly strokes: boolean;
  /** float32 [S]; fetched or encoded once for each size of the painting in px (its shorter side). */
  readonly code: (size: number) => Promise<Float32Array>;
}

/** The checkpoint that the built-in codes belong to. */
export const bankCheckpoint = index.model;

const codes = import.meta.glob<string>("@styles/*.npy", { query: "?url", import: "default", eager: true });
const thumbnails = import.meta.glob<string>("../../thumbnails/*.webp", { query: "?url", import: "default", eager: true });

const MAX_PAINTING = 16_000_000; // pixels; phones have no larger canvas. The library shrinks the painting further.
const THUMBNAIL_SIDE = 128;

/** What is shown first, with the samples' first pictures. */
export const FIRST_STYLE = "starry-night";

type Encode = (painting: Picture, size: number) => Promise<Float32Array>;

/** The built-in styles, FIRST_STYLE first. */
export function bank(): Style[] {
  const codeOf = byName(codes);
  const thumbnailOf = byName(thumbnails);
  const first = ([id]: [string, unknown]) => Number(id !== FIRST_STYLE);
  const sorted = Object.entries(index.styles).sort((a, b) => first(a) - first(b));
  return sorted.map(([id, { title, artist, year, movement }]) => ({
    id,
    title,
    detail: `${artist}, ${year}`,
    movement,
    strokes: false,
    thumbnail: thumbnailOf.get(id) ?? "",
    code: once(async () => readNpy(await download(codeOf.get(id)!), `${id}.npy`)),
  }));
}

/**
 * A style of the visitor's own: a picture, or a code in a .npy or .f32 file.
 *
 * @param encode gives the code of a picture, shrunk to a size
 * @param id the one that it had before a reload
 * @throws AdainError the file is neither
 */
export async function openStyle(file: File, encode: Encode, id = `own-${Date.now().toString(36)}`): Promise<Style> {
  const title = file.name.replace(/\.[^.]*$/, "") || "Own painting";
  const own = { id, title, detail: "your own", movement: "" };
  if (/\.(npy|f32)$/i.test(file.name)) {
    const code = readCode(new Uint8Array(await file.arrayBuffer()), file.name);
    return { ...own, thumbnail: "", strokes: false, code: async () => code };
  }
  const { image } = await openPhoto(file, file.name);
  const painting = pixelsOf(image, fit(image, Infinity, MAX_PAINTING));
  const sizes = new Map<number, () => Promise<Float32Array>>();
  const code = (size: number) => {
    if (!sizes.has(size)) sizes.set(size, once(() => encode(painting, size)));
    return sizes.get(size)!();
  };
  return { ...own, thumbnail: thumbnailOf(image), strokes: true, code };
}

/** The middle of a picture, small and square. */
function thumbnailOf(image: ImageBitmap | HTMLCanvasElement): string {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = THUMBNAIL_SIDE;
  const side = Math.min(image.width, image.height);
  const [x, y] = [(image.width - side) / 2, (image.height - side) / 2];
  context(canvas).drawImage(image, x, y, side, side, 0, 0, THUMBNAIL_SIDE, THUMBNAIL_SIDE);
  return canvas.toDataURL("image/jpeg", 0.8);
}

function byName(files: Record<string, string>): Map<string, string> {
  return new Map(Object.entries(files).map(([path, url]) => [path.split("/").at(-1)!.replace(/\.[^.]*$/, ""), url]));
}

/** Do the work at the first call and remember what it gave; after a failure, try again. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= work();
    result.catch(() => (result = undefined));
    return result;
  };
}
