import { AdainError, firstLine } from "../errors";
import { context } from "./dom";
import { fit } from "./photo";

/** The webcam. Pictures are mirrored, as people know themselves, except those of a phone's back. */
export class Camera {
  #video = document.createElement("video");
  #mirrored: boolean;

  private constructor(readonly stream: MediaStream) {
    const facing = stream.getVideoTracks()[0]?.getSettings().facingMode;
    this.#mirrored = facing !== "environment";
    this.#video.muted = true;
    this.#video.playsInline = true;
    this.#video.srcObject = stream;
  }

  /** @throws AdainError there is no camera, or the visitor does not allow it */
  static async start(): Promise<Camera> {
    try {
      const video = { facingMode: "user", width: { ideal: 1280 }, height: { ideal: 720 } };
      const camera = new Camera(await navigator.mediaDevices.getUserMedia({ video, audio: false }));
      await camera.#video.play();
      return camera;
    } catch (error) {
      const denied = error instanceof DOMException && error.name === "NotAllowedError";
      if (denied) throw new AdainError("the camera is not allowed; allow it in the browser's address bar");
      throw new AdainError(`no camera could be started (${firstLine(error)}); choose a photo instead`);
    }
  }

  /** The newest frame, its longer side at most so many px. */
  frame(longest = Infinity): HTMLCanvasElement {
    const { videoWidth, videoHeight } = this.#video;
    const canvas = Object.assign(document.createElement("canvas"), fit({ width: videoWidth, height: videoHeight }, longest));
    const drawing = context(canvas);
    if (this.#mirrored) drawing.setTransform(-1, 0, 0, 1, canvas.width, 0);
    drawing.drawImage(this.#video, 0, 0, canvas.width, canvas.height);
    return canvas;
  }

  stop(): void {
    for (const track of this.stream.getTracks()) track.stop();
    this.#video.srcObject = null;
  }
}
