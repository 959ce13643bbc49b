import { toCanvas, type Picture } from "../adain";
import { context, element } from "./dom";
import { fit, type Size } from "./photo";

const BEFORE_SIDE = 1600; // px of the photo as it is shown
const MIN_SHOWN = 480; // px, of the width
const REVEAL = 900; // ms
const PATIENCE = 2500; // ms of painting after which it can be stopped

const stage = element("stage", HTMLElement);
const frame = element("frame", HTMLElement);
const before = element("before", HTMLCanvasElement);
const result = element("result", HTMLCanvasElement);
const split = element("split", HTMLInputElement);
const brush = element("brush", HTMLElement);
const cancel = element("cancel", HTMLButtonElement);
const saving = [element("save-png", HTMLButtonElement), element("save-jpeg", HTMLButtonElement)];

let revealing = 0;
let patience = 0;

split.oninput = () => {
  cancelAnimationFrame(revealing);
  showSplit();
};

/** The painted picture, as it is shown and saved. */
export { result as resultCanvas };

/** Show a photo that has not been painted yet. */
export function showPhoto(image: CanvasImageSource & Size): void {
  drawBefore(image);
  cancelAnimationFrame(revealing);
  setSplit(100);
}

/** Show what has been painted; the split stays where it is. */
export function showResult(picture: Picture): void {
  const { width, height, data } = toCanvas(picture);
  result.width = width;
  result.height = height;
  context(result).putImageData(new ImageData(data, width, height), 0, 0);
  for (const button of saving) button.disabled = false;
}

/** Draw the photo aside, as if it were wiped away. */
export function reveal(): void {
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

/** Show a frame of the camera and what was painted of it; the split stays where it is. */
export function showFrame(image: CanvasImageSource & Size, picture: Picture): void {
  drawBefore(image);
  showResult(picture);
}

/** Tell whether there is more to come. */
export function showWorking(on: boolean): void {
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
  frame.style.setProperty("--natural", `${Math.max(2 * image.width, MIN_SHOWN)}px`); // larger looks poor
  before.width = width;
  before.height = height;
  context(before).drawImage(image, 0, 0, width, height);
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
