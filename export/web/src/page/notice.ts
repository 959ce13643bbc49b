import type { ModelInfo } from "../messages";
import { element } from "./dom";

const error = element("error", HTMLElement);
const again = element("try-again", HTMLButtonElement);
const errorText = element("error-text", HTMLElement);
const status = element("status", HTMLElement);
const engine = element("engine", HTMLElement);
const loading = element("loading", HTMLElement);
const progress = element("progress", HTMLProgressElement);
const progressText = element("progress-text", HTMLElement);

element("error-close", HTMLButtonElement).onclick = clearError;

/** One line that says what went wrong, and whether it may be tried again. */
export function showError(message: string, retry = false): void {
  again.hidden = !retry;
  errorText.textContent = `Sorry: ${message}`;
  error.hidden = false;
}

export function clearError(): void {
  error.hidden = true;
}

/** What the page does, or has done. */
export function showStatus(text: string): void {
  status.textContent = text;
}

/** What the model runs on. */
export function showEngine(model: ModelInfo | undefined): void {
  if (!model) return;
  const threads = `${model.threads} thread${model.threads === 1 ? "" : "s"}`;
  engine.textContent = model.engine === "webgpu" ? "WebGPU" : `WebAssembly, ${threads}`;
  engine.title = model.passed.join("; ");
}

/** How far the model has come, in bytes. */
export function showProgress(loaded: number, total: number): void {
  loading.hidden = false;
  progress.value = total ? loaded / total : 0;
  const done = loaded >= total;
  progressText.textContent = done ? "Starting the model" : `Loading the model: ${mb(loaded)} of ${mb(total)} MB`;
}

export function hideProgress(): void {
  loading.hidden = true;
}

const mb = (bytes: number) => (bytes / 1e6).toFixed(1);
