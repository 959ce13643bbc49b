import { AdainError } from "../adain";
import { checkCode } from "../code";
import { firstLine } from "../errors";
import { files } from "../files";
import { Painter, Stopped } from "../painter";
import type { ModelInfo, Wanted } from "../messages";
import { paintBatch } from "./batch";
import { connectControls } from "./controls";
import { element } from "./dom";
import { acceptDrops } from "./drop";
import { Gallery } from "./gallery";
import { Live } from "./live";
import { forget, keep, kept } from "./mine";
import { clearError, hideProgress, showError, showProgress, showStatus } from "./notice";
import { prepareOffline } from "./offline";
import { openPhoto } from "./photo";
import { connectSamples, finishedSample, openSample, samples } from "./samples";
import { canCopy, canShare, copy, fileOf, give, share, type Format } from "./save";
import { bank, bankCheckpoint, openStyle } from "./styles";
import { Studio } from "./studio";

// Painting takes about 0.65 GB a megapixel; WebAssembly ends at 4 GB, phones much earlier.
const MAX_PIXELS = matchMedia("(pointer: coarse)").matches ? 1.2e6 : 3e6;

declare global {
  /** For the browser's console, and for tests. */
  var painter: Painter;
}

async function main(): Promise<void> {
  const painter = new Painter(spawn, wanted(), { progress: showProgress, ready: showReady, failed: showFailed });
  globalThis.painter = painter;
  const styles = bank();
  const studio = new Studio(painter, MAX_PIXELS, styles[0]!);
  const live = new Live(studio);
  const controls = connectControls(studio, live, (onChoose) => new Gallery(styles, onChoose));
  const ownStyle = (file: File) =>
    openStyle(file, async (painting, size) => {
      await painter.ready;
      return painter.encodeStyle(painting, size);
    });

  const paintPhotos = (photos: readonly File[]) =>
    attempt(async () => {
      const [file] = photos;
      if (photos.length > 1) {
        live.stop();
        return paintBatch(studio, photos);
      }
      const photo = await openPhoto(file!, file!.name);
      live.stop();
      await Promise.all([keep("photo", file!), studio.open(photo)]);
    });
  const addPainting = (file: File) =>
    attempt(async () => {
      const style = await ownStyle(file);
      studio.interrupt();
      showStatus("Looking at the painting.");
      const code = await style.code(studio.strokes); // one that is of no use does not join the others
      checkCode(code, (await painter.ready).styleSize, file.name);
      controls.add(style);
      controls.choose(style);
      await keep(`painting/${style.id}`, file);
    });
  const showSample = (name: string) =>
    attempt(async () => {
      const [before, wasLive] = [studio.photo, live.on];
      const photo = await openSample(name);
      const finished = await finishedSample(photo);
      if (studio.photo !== before || live.on !== wasLive) return; // the visitor was faster
      live.stop();
      void forget("photo");
      if (studio.looksLike(styles[0]!)) studio.openFinished(finished);
      else await studio.open(photo);
    });

  element("camera", HTMLButtonElement).onclick = () => attempt(() => (live.on ? live.leave() : live.start()));
  element("snap", HTMLButtonElement).onclick = () => attempt(() => live.snap());
  element("cancel", HTMLButtonElement).onclick = () => studio.stop();
  element("try-again", HTMLButtonElement).onclick = () => attempt(async () => void (await studio.paint()));
  addEventListener("online", () => painter.lost && void studio.paint());
  connectFiles("choose", "photo-file", paintPhotos);
  connectFiles("add-painting", "painting-file", ([file]) => addPainting(file!));
  acceptDrops(element("panel", HTMLElement), paintPhotos, addPainting);
  connectSamples(showSample);
  connectSave(studio);

  const isolated = prepareOffline(); // photo and gallery are there meanwhile
  await attempt(async () => {
    for (const file of await kept("painting/")) controls.add(await ownStyle(file));
    controls.restore();
    const [file] = await kept("photo");
    if (!file) return void showSample(samples[0]!);
    const photo = await openPhoto(file, file.name);
    if (!studio.photo && !live.on) void studio.open(photo);
  });
  if (await isolated) painter.start();
}

function spawn(): Worker {
  return new Worker(new URL("../worker.ts", import.meta.url), { type: "module" });
}

/** To find faults: `?engine=wasm` or `?engine=webgpu` in the address takes that one alone, `?threads=1` fewer threads. */
function wanted(): Wanted {
  const address = new URLSearchParams(location.search);
  const engine = address.get("engine");
  const threads = Number(address.get("threads")) || Infinity;
  return { ...files, engine: engine === "wasm" || engine === "webgpu" ? engine : "auto", threads };
}

function showReady(model: ModelInfo): void {
  hideProgress();
  const engine = element("engine", HTMLElement);
  const threads = `${model.threads} thread${model.threads === 1 ? "" : "s"}`;
  engine.textContent = model.engine === "webgpu" ? "WebGPU" : `WebAssembly, ${threads}`;
  engine.title = model.passed.join("; ");
  if (model.checkpoint !== bankCheckpoint) showError("the built-in styles belong to another model; build the page again");
}

function showFailed(message: string): void {
  hideProgress();
  showError(message, true);
}

function connectFiles(buttonId: string, inputId: string, onFiles: (files: File[]) => void): void {
  const input = element(inputId, HTMLInputElement);
  element(buttonId, HTMLButtonElement).onclick = () => input.click();
  input.onchange = () => {
    const chosen = [...(input.files ?? [])];
    input.value = ""; // so that the same file can be chosen again
    if (chosen.length) onFiles(chosen);
  };
}

/** Save, share and copy the finished picture; the stage disables the buttons while there is none. */
function connectSave(studio: Studio): void {
  const file = (format: Format) => fileOf(studio.finished!.canvas, studio.finished!.name, format);
  const connect = (id: string, work: () => Promise<void>) => {
    element(id, HTMLButtonElement).onclick = () => attempt(work);
  };
  connect("save-png", async () => give(await file("image/png")));
  connect("save-jpeg", async () => give(await file("image/jpeg")));
  connect("copy", async () => {
    await copy(file("image/png"));
    showStatus("Copied.");
  });
  connect("share", async () => share(await file("image/jpeg")));
  element("copy", HTMLButtonElement).hidden = !canCopy();
  element("share", HTMLButtonElement).hidden = !canShare();
}

async function attempt(work: () => Promise<void>): Promise<void> {
  clearError();
  try {
    await work();
  } catch (error) {
    if (error instanceof Stopped) return;
    showError(error instanceof AdainError ? error.message : `that did not work (${firstLine(error)})`);
  }
}

const code = element("code", HTMLAnchorElement);
code.href = import.meta.env["VITE_CODE"] ?? "";
code.hidden = !code.getAttribute("href");

void main();
