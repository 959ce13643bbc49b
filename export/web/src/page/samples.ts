import { context, element } from "./dom";
import type { Photo } from "./photo";

const row = element("samples", HTMLElement);

const photos = import.meta.glob<string>("../../thumbnails/samples/photo-*.webp", { query: "?url", import: "default", eager: true });
const painted = import.meta.glob<string>("../../thumbnails/samples/painted-*.webp", { query: "?url", import: "default", eager: true });

/** The photographs of the page, each with its first picture as a file (scripts/thumbnails.py). */
export const samples = ["cat", "astronaut", "coffee"];

/** Fill the row of samples. */
export function connectSamples(onChoose: (name: string) => void): void {
  for (const name of samples) {
    const button = document.createElement("button");
    button.type = "button";
    button.title = `Sample: ${name}`;
    button.setAttribute("aria-label", button.title);
    const image = document.createElement("img");
    image.src = address(photos, "photo", name);
    image.alt = "";
    button.append(image);
    button.onclick = () => onChoose(name);
    row.append(button);
  }
}

export async function openSample(name: string): Promise<Photo> {
  return { name, image: await load(address(photos, "photo", name)) };
}

/** The picture after FIRST_STYLE at full strength, as the small network paints it. */
export async function paintedSample(photo: Photo): Promise<HTMLCanvasElement> {
  const image = await load(address(painted, "painted", photo.name));
  const canvas = document.createElement("canvas");
  canvas.width = image.width;
  canvas.height = image.height;
  context(canvas).drawImage(image, 0, 0);
  return canvas;
}

function address(files: Record<string, string>, kind: string, name: string): string {
  return files[`../../thumbnails/samples/${kind}-${name}.webp`]!;
}

async function load(url: string): Promise<ImageBitmap> {
  return createImageBitmap(await (await fetch(url)).blob());
}
