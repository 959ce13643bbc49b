import { AdainError } from "../adain";

const SUFFIX = { "image/png": "png", "image/jpeg": "jpg" } as const;

export type Format = keyof typeof SUFFIX;

/** Give a file to the visitor as a download. */
export function give(file: File): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Whether this browser hands pictures to other programs. */
export function canShare(): boolean {
  const probe = new File([], "picture.jpg", { type: "image/jpeg" });
  return "share" in navigator && navigator.canShare?.({ files: [probe] }) === true;
}

/** Hand the picture to another program. */
export async function share(picture: File): Promise<void> {
  try {
    await navigator.share({ files: [picture] });
  } catch (error) {
    if (!(error instanceof DOMException && error.name === "AbortError")) throw error; // the visitor thought better of it
  }
}

/** Whether this browser takes pictures to the clipboard. */
export function canCopy(): boolean {
  return "clipboard" in navigator && "write" in navigator.clipboard && "ClipboardItem" in globalThis;
}

/** Put the picture on the clipboard. */
export async function copy(picture: Promise<File>): Promise<void> {
  await navigator.clipboard.write([new ClipboardItem({ "image/png": picture })]); // a promise, as Safari wants it
}

/** @throws AdainError no memory is left */
export async function fileOf(canvas: HTMLCanvasElement, name: string, format: Format): Promise<File> {
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, format, 0.95));
  if (!blob) throw new AdainError("the picture does not fit into memory; choose a smaller size");
  return new File([blob], `${name}.${SUFFIX[format]}`, { type: format });
}
