import { toCanvas } from "../adain";
import { Stopped } from "../painter";
import { Camera } from "./camera";
import { canvasOf, element } from "./dom";
import { showError } from "./notice";
import * as stage from "./stage";
import type { Studio } from "./studio";

const button = element("camera", HTMLButtonElement);
const snap = element("snap", HTMLButtonElement);
const fps = element("fps", HTMLElement);

/** Paints what the camera sees, always the newest frame. */
export class Live {
  #camera: Camera | undefined;

  constructor(readonly studio: Studio) {}

  get on(): boolean {
    return this.#camera !== undefined;
  }

  /** @throws AdainError there is no camera, or it is not allowed */
  async start(): Promise<void> {
    button.disabled = true;
    try {
      this.#camera = await Camera.start();
    } finally {
      button.disabled = false;
    }
    this.studio.pause();
    this.#show();
    stage.showPhoto(this.#camera.frame());
    void this.#run(this.#camera);
  }

  /** Stop, and go back to the photo that was there before. */
  async leave(): Promise<void> {
    this.stop();
    await this.studio.resume();
  }

  stop(): void {
    this.#camera?.stop();
    this.#camera = undefined;
    this.#show();
  }

  /** Keep the newest frame as the photo, and paint it well. */
  async snap(): Promise<void> {
    if (!this.#camera) return;
    const image = this.#camera.frame();
    this.stop();
    await this.studio.open({ name: "camera", image });
  }

  async #run(camera: Camera): Promise<void> {
    let last = performance.now();
    let smooth = 0;
    const paint = async () => {
      const frame = camera.frame(this.studio.frameSide);
      return { frame, picture: await this.studio.paintFrame(frame) };
    };
    try {
      let next = paint();
      while (camera === this.#camera) {
        const { frame, picture } = await next;
        if (camera !== this.#camera) return;
        next = paint(); // while this one is shown
        next.catch(() => undefined); // told where it is waited for
        stage.showFrame(frame, canvasOf(toCanvas(picture)));
        const now = performance.now();
        smooth = smooth ? 0.8 * smooth + 0.2 * (now - last) : now - last;
        last = now;
        fps.textContent = `${(1000 / smooth).toFixed(1)} frames/s, ${picture.width} × ${picture.height}`;
        await new Promise(requestAnimationFrame); // and no frames are painted in a hidden tab
      }
    } catch (error) {
      if (camera !== this.#camera) return;
      this.stop();
      if (!(error instanceof Stopped)) showError((error as Error).message);
    }
  }

  #show(): void {
    button.setAttribute("aria-pressed", String(this.on));
    button.querySelector("span")!.textContent = this.on ? "Close" : "Camera";
    snap.hidden = !this.on;
    fps.hidden = !this.on;
    fps.textContent = "…";
  }
}
