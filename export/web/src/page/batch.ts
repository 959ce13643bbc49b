import { zipSync } from "fflate";
import { AdainError, firstLine } from "../errors";
import { element } from "./dom";
import { showError } from "./notice";
import { openPhoto } from "./photo";
import { fileOf, give } from "./save";
import type { Studio } from "./studio";

const count = element("count", HTMLElement);

/**
 * Paint several photos, and give them as one ZIP of JPEGs. What cannot be read is told and left out; a stop, or
 * another choice of the visitor, ends it with what is done.
 */
export async function paintBatch(studio: Studio, photos: readonly File[]): Promise<void> {
  const done: Record<string, [Uint8Array, { level: 0 }]> = {};
  const failed: string[] = [];
  try {
    for (const [index, file] of photos.entries()) {
      count.textContent = `${index + 1} of ${photos.length}`;
      count.hidden = false;
      try {
        const photo = await openPhoto(file, file.name);
        const painted = await studio.open(photo);
        if (painted === undefined) break;
        if (!painted) throw new AdainError(`${file.name} could not be painted`);
        const { canvas, name } = studio.finished!;
        const picture = await fileOf(canvas, name in done ? `${name}-${index + 1}` : name, "image/jpeg");
        done[picture.name] = [new Uint8Array(await picture.arrayBuffer()), { level: 0 }]; // JPEGs are small already
      } catch (error) {
        failed.push(firstLine(error));
      }
    }
  } finally {
    count.hidden = true;
  }
  const names = Object.keys(done);
  if (names.length) give(new File([zipSync(done) as Uint8Array<ArrayBuffer>], "painted.zip", { type: "application/zip" }));
  const missing = photos.length - names.length;
  if (missing) showError(`${missing} of ${photos.length} photos are not in the ZIP. ${failed.join(". ")}`);
}
