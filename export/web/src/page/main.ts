import { AdainError, type Picture } from "../adain";
import { checkCode } from "../code";
import { firstLine } from "../errors";
import { networks, type Quality } from "../files";
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
import { connectSamples, openSample, paintedSample, samples } from "./samples";
import { canCopy, canShare, copy, fileOf, give, share, type Format } from "./save";
import { bank, bankCheckpoint, openStyle, type Style } from "./styles";
import { Network, Studio } from "./studio";

const PHONE = matchMedia("(pointer: coarse)").matches;
// A megapixel takes about 0.2 GB of the small network and 0.65 of the large one; WebAssembly ends at 4 GB, phones earlier.
const MAX_PIXELS = { fast: PHONE ? 4e6 : 8e6, finest: PHONE ? 1.2e6 : 3e6 };
const PER_PIXEL = { fast: 0.0005, finest: 0.03 }; // ms

declare global {
  /** For the browser's console, and for tests. */
  var painters: Record<Quality, Painter>;
}

async function main(): Promise<void> {
  const events = { progress: showProgress, ready: showReady, failed: showFailed };
  const painter = (quality: Quality) => new Painter(spawn, wanted(quality), events);
  globalThis.painters = { fast: painter("fast"), finest: painter("finest") };
  const network = (quality: Quality) => new Network(painters[quality], MAX_PIXELS[quality], PER_PIXEL[quality]);
  const styles = bank();
  const studio = new Studio({ fast: network("fast"), finest: network("finest") }, styles[0]!);
  const live = new Live(studio);
  const controls = connectControls(studio, live, (onChoose) => new Gallery(styles, onChoose));
  const encode = async (painting: Picture, size: number) => {
    await painters.fast.ready;
    return painters.fast.encodeStyle(painting, size).finally(hideProgress); // of the style encoder, the first time
  };

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
      const style = await openStyle(file, encode);
      studio.networks.fast.interrupt();
      showStatus("Looking at the painting.");
      const code = await style.code(studio.strokes); // one that is of no use does not join the others
      checkCode(code, (await painters.fast.ready).styleSize, file.name);
      controls.add(style);
      controls.choose(style);
      await keep(`painting/${style.id}`, file);
    });
  const showSample = (name: string) =>
    attempt(async () => {
      const [before, wasLive] = [studio.photo, live.on];
      const photo = await openSample(name);
      const preview = studio.looksLike(styles[0]!) ? await paintedSample(photo) : undefined;
      if (studio.photo !== before || live.on !== wasLive) return; // the visitor was faster
      live.stop();
      void forget("photo");
      await studio.open(photo, preview);
    });

  element("camera", HTMLButtonElement).onclick = () => attempt(() => (live.on ? live.leave() : live.start()));
  element("snap", HTMLButtonElement).onclick = () => attempt(() => live.snap());
  element("cancel", HTMLButtonElement).onclick = () => studio.stop();
  element("try-again", HTMLButtonElement).onclick = () => attempt(async () => void (await studio.paint()));
  addEventListener("online", () => studio.network.painter.lost && void studio.paint());
  connectFiles("choose", "photo-file", paintPhotos);
  connectFiles("add-painting", "painting-file", ([file]) => addPainting(file!));
  acceptDrops(element("panel", HTMLElement), paintPhotos, addPainting);
  connectSamples(showSample);
  connectSave(studio);

  const isolated = prepareOffline(); // photo and gallery are there meanwhile
  await attempt(async () => {
    for (const [id, file] of await kept("painting/")) controls.add(await openStyle(file, encode, id));
    controls.restore();
    const file = (await kept("photo")).get("photo");
    if (!file) return void showSample(samples[0]!).then(() => fetchCodes(styles));
    const photo = await openPhoto(file, file.name);
    if (!studio.photo && !live.on) void studio.open(photo).then(() => fetchCodes(styles));
  });
  if (await isolated) painters.fast.start();
}

/** Once there is time: so each style is there at a click, and without a connection. */
async function fetchCodes(styles: readonly Style[]): Promise<void> {
  for (const style of styles) await style.code(0).catch(() => undefined); // told when it is chosen
}

function spawn(): Worker {
  return new Worker(new URL("../worker.ts", import.meta.url), { type: "module" });
}

/** To find faults: `?engine=wasm` or `?engine=webgpu` in the address takes that one alone, `?threads=1` fewer threads. */
function wanted(quality: Quality): Wanted {
  const address = new URLSearchParams(location.search);
  const engine = address.get("engine");
  const threads = Number(address.get("threads")) || Infinity;
  return { ...networks[quality], ...(engine === "wasm" || engine === "webgpu" ? { engine } : {}), threads };
}

function showReady(model: ModelInfo): void {
  hideProgress();
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
