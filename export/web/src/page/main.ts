import sample from "../../thumbnails/sample.jpg";
import { AdainError } from "../adain";
import { firstLine } from "../errors";
import { Painter } from "../painter";
import type { ModelInfo, Wanted } from "../messages";
import { connectControls } from "./controls";
import { element } from "./dom";
import { acceptDrops } from "./drop";
import { Gallery } from "./gallery";
import { Live } from "./live";
import { clearError, hideProgress, showError, showProgress } from "./notice";
import { prepareOffline } from "./offline";
import { openPhoto } from "./photo";
import { canShare, save, share, type Format } from "./save";
import { resultCanvas } from "./stage";
import { bank, bankCheckpoint, openStyle } from "./styles";
import { Studio } from "./studio";

const FIRST_STYLE = "starry-night";
// Painting takes about 0.65 GB a megapixel; WebAssembly ends at 4 GB, phones much earlier.
const MAX_PIXELS = matchMedia("(pointer: coarse)").matches ? 1.2e6 : 3e6;

declare global {
  /** For the browser's console, and for tests. */
  var painter: Painter;
}

async function main(): Promise<void> {
  if (!(await prepareOffline())) return;
  const painter = new Painter(spawn, wanted(), { progress: showProgress, ready: showReady, failed: showFailed });
  globalThis.painter = painter;
  const styles = bank();
  const studio = new Studio(painter, MAX_PIXELS, styles.find(({ id }) => id === FIRST_STYLE) ?? styles[0]!);
  const live = new Live(studio);
  const controls = connectControls(studio, live, (onChoose) => new Gallery(styles, onChoose));

  const paintPhoto = (file: File) =>
    attempt(async () => {
      const photo = await openPhoto(file, file.name);
      live.stop();
      await studio.open(photo);
    });
  const addPainting = (file: File) =>
    attempt(async () => controls.add(await openStyle(file, (painting) => painter.encodeStyle(painting))));

  element("camera", HTMLButtonElement).onclick = () => attempt(() => (live.on ? live.leave() : live.start()));
  element("snap", HTMLButtonElement).onclick = () => attempt(() => live.snap());
  element("cancel", HTMLButtonElement).onclick = () => studio.stop();
  connectFile("choose", "photo-file", paintPhoto);
  connectFile("add-painting", "painting-file", addPainting);
  acceptDrops(element("panel", HTMLElement), paintPhoto, addPainting);
  connectSave(studio);

  const image = await createImageBitmap(await (await fetch(sample)).blob());
  if (!studio.photo && !live.on) await studio.open({ name: "cat", image });
}

function spawn(): Worker {
  return new Worker(new URL("../worker.ts", import.meta.url), { type: "module" });
}

/** To find faults: `?engine=wasm` or `?engine=webgpu` in the address takes that one alone, `?threads=1` fewer threads. */
function wanted(): Wanted {
  const address = new URLSearchParams(location.search);
  const engine = address.get("engine");
  const threads = Number(address.get("threads")) || Infinity;
  return { engine: engine === "wasm" || engine === "webgpu" ? engine : "auto", threads };
}

function showReady(model: ModelInfo): void {
  hideProgress();
  const engine = element("engine", HTMLElement);
  const threads = `${model.threads} thread${model.threads > 1 ? "s" : ""}`;
  engine.textContent = model.engine === "webgpu" ? "WebGPU" : `WebAssembly, ${threads}`;
  engine.title = model.passed.join("; ");
  if (model.checkpoint !== bankCheckpoint) showError("the built-in styles belong to another model; build the page again");
}

function showFailed(message: string): void {
  hideProgress();
  showError(message);
}

function connectFile(buttonId: string, inputId: string, onFile: (file: File) => void): void {
  const input = element(inputId, HTMLInputElement);
  element(buttonId, HTMLButtonElement).onclick = () => input.click();
  input.onchange = () => {
    const [file] = input.files ?? [];
    input.value = ""; // so that the same file can be chosen again
    if (file) onFile(file);
  };
}

function connectSave(studio: Studio): void {
  const name = () => [studio.photo?.name ?? "camera", ...studio.styles.map((style) => style!.title)].join(" ");
  const fileName = () => name().toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-");
  const connect = (id: string, format: Format) => {
    element(id, HTMLButtonElement).onclick = () => attempt(() => save(resultCanvas, fileName(), format));
  };
  connect("save-png", "image/png");
  connect("save-jpeg", "image/jpeg");
  const button = element("share", HTMLButtonElement);
  button.hidden = !canShare();
  button.onclick = () => attempt(() => share(resultCanvas, fileName()));
}

async function attempt(work: () => Promise<void>): Promise<void> {
  clearError();
  try {
    await work();
  } catch (error) {
    showError(error instanceof AdainError ? error.message : `that did not work (${firstLine(error)})`);
  }
}

void main();
