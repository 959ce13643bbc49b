import { context, element } from "./dom";
import { fit, type Size } from "./photo";

const BEFORE_SIDE = 1600; // px of the photo as it is shown
const MIN_SHOWN = 480; // px, of the width
const ENLARGED = 1.5; // times; more looks poor
const REVEAL = 900; // ms
const PATIENCE = 2500; // ms of painting after which it can be stopped

const stage = element("stage", HTMLElement);
const frame = element("frame", HTMLElement);
const before = element("before", HTMLCanvasElement);
const result = element("result", HTMLCanvasElement);
const split = element("split", HTMLInputElement);
const brush = element("brush", HTMLElement);
const cancel = element("cancel", HTMLButtonElement);
const saving = ["save-png", "save-jpeg", "copy", "share"].map((id) => element(id, HTMLButtonElement));

let revealing = 0;
let patience = 0;

split.oninput = () => {
  cancelAnimationFrame(revealing);
  showSplit();
};

/** Show a photo without a picture of it: there is nothing to compare, nor to save. */
export function showPhoto(image: CanvasImageSource & Size): void {
  drawBefore(image);
  cancelAnimationFrame(revealing);
  setSplit(100);
  frame.classList.add("bare");
  split.disabled = true;
  allowSaving(false);
}

/** Show what has been painted. The first picture of a photo is revealed; after that the split stays where it is. */
export function showResult(picture: HTMLCanvasElement): void {
  if (frame.classList.contains("bare")) reveal();
  copy(picture, result, picture);
  frame.classList.remove("bare");
  split.disabled = false;
}

/** Whether there is a finished picture to save. */
export function allowSaving(on: boolean): void {
  for (const button of saving) button.disabled = !on;
}

/** Draw the photo aside, as if it were wiped away. */
function reveal(): void {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return setSplit(0);
  const from = performance.now();
  const step = (now: number) => {
    const part = Math.min(1, Math.max(0, (now - from) / REVEAL));
    setSplit(100 * (1 - part) ** 3);
    if (part < 1) revealing = requestAnimationFrame(step);
  };
  cancelAnimationFrame(revealing);
  revealing = requestAnimationFrame(step);
}

/** Show a frame of the camera, whose full size `showPhoto` has had, and what was painted of it. */
export function showFrame(image: HTMLCanvasElement, picture: HTMLCanvasElement): void {
  copy(image, before, image);
  showResult(picture);
}

/** Tell whether there is more to come; until then nothing can be saved. */
export function showWorking(on: boolean): void {
  if (on) allowSaving(false);
  stage.setAttribute("aria-busy", String(on));
}

/** Show that painting goes on, and about how many ms it will take. */
export function showBusy(duration: number): void {
  brush.hidden = false;
  brush.style.animation = "none";
  brush.getBoundingClientRect(); // starts the animation anew
  brush.style.animation = `brush ${duration}ms linear forwards`;
  clearTimeout(patience);
  patience = window.setTimeout(() => (cancel.hidden = false), PATIENCE);
}

export function showIdle(): void {
  clearTimeout(patience);
  brush.hidden = true;
  cancel.hidden = true;
}

function drawBefore(image: CanvasImageSource & Size): void {
  const { width, height } = fit(image, BEFORE_SIDE);
  frame.style.setProperty("--ratio", String(width / height));
  frame.style.setProperty("--natural", `${Math.max(ENLARGED * image.width, MIN_SHOWN)}px`);
  copy(image, before, { width, height });
}

function copy(image: CanvasImageSource, canvas: HTMLCanvasElement, { width, height }: Size): void {
  canvas.width = width;
  canvas.height = height;
  context(canvas).drawImage(image, 0, 0, width, height);
}

function setSplit(percent: number): void {
  split.value = String(percent);
  showSplit();
}

function showSplit(): void {
  frame.style.setProperty("--split", `${split.value}%`);
  frame.classList.toggle("whole", split.valueAsNumber % 100 === 0);
  split.setAttribute("aria-valuetext", `${split.value} percent photo`);
}
