import { AdainError } from "../adain";

const SUFFIX = { "image/png": "png", "image/jpeg": "jpg" } as const;

export type Format = keyof typeof SUFFIX;

/** Give the picture to the visitor as a download. */
export async function save(canvas: HTMLCanvasElement, name: string, format: Format): Promise<void> {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await fileOf(canvas, name, format));
  link.download = `${name}.${SUFFIX[format]}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Whether this browser hands pictures to other programs. */
export function canShare(): boolean {
  const probe = new File([], "picture.jpg", { type: "image/jpeg" });
  return "share" in navigator && navigator.canShare?.({ files: [probe] }) === true;
}

/** Hand the picture to another program. */
export async function share(canvas: HTMLCanvasElement, name: string): Promise<void> {
  try {
    await navigator.share({ files: [await fileOf(canvas, name, "image/jpeg")] });
  } catch (error) {
    if (!(error instanceof DOMException && error.name === "AbortError")) throw error; // the visitor thought better of it
  }
}

async function fileOf(canvas: HTMLCanvasElement, name: string, format: Format): Promise<File> {
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, format, 0.95));
  if (!blob) throw new AdainError("the picture does not fit into memory; choose a smaller size");
  return new File([blob], `${name}.${SUFFIX[format]}`, { type: format });
}
