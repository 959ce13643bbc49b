import { blend, type Picture } from "../adain";
import { firstLine } from "../errors";
import { Latest } from "../latest";
import { Stopped, type Painter } from "../painter";
import { clearError, showError, showStatus } from "./notice";
import { fit, pixelsOf, type Photo, type Size } from "./photo";
import { Pace } from "./pace";
import * as stage from "./stage";
import type { Style } from "./styles";

const DRAFT = { ms: 400, min: 96, max: 320 }; // how long a draft may take, and its longer side in px
const FRAME = { ms: 120, min: 128, max: 512 }; // the same for a frame of the camera

/** What is painted, how, and when. */
export class Studio {
  photo: Photo | undefined;
  /** The first painting, and the second one where there is one. */
  styles: [first: Style, second?: Style];
  /** Share of the second painting, 0 to 1. */
  mix = 0.5;
  /** Strength, 0 to 1. */
  alpha = 1;
  /** The longer side in px. */
  size = 512;

  #pace = new Pace();
  #latest = new Latest();
  #turn = 0;
  #fresh = true; // the photo has not been painted yet

  /** @param maxPixels what the memory is enough for */
  constructor(
    readonly painter: Painter,
    readonly maxPixels: number,
    style: Style,
  ) {
    this.styles = [style];
  }

  /** Paint another photo. */
  async open(photo: Photo): Promise<void> {
    this.photo = photo;
    this.#fresh = true;
    stage.showPhoto(photo.image);
    await this.paint();
  }

  /**
   * Paint the photo anew, small first where it would take long. Any call makes those before it void.
   *
   * @param options.draft paint it small only: a slider is being moved
   */
  async paint({ draft = false } = {}): Promise<void> {
    const turn = ++this.#turn;
    if (!this.photo) return;
    if (this.#pace.remaining > this.painter.loadTime) this.painter.restart(); // faster than to wait for the old one
    stage.showWorking(true);
    const full = fit(this.photo.image, this.size, this.maxPixels);
    const small = fit(this.photo.image, Math.min(this.size, this.#pace.side(DRAFT)));
    const sizes = draft ? [small] : this.#pace.duration(full) <= 2 * DRAFT.ms ? [full] : [small, full];
    for (const size of new Map(sizes.map((size) => [size.width, size])).values()) {
      const done = await this.#latest.submit(() => this.#attempt(turn, size));
      if (!done) break;
    }
    if (turn === this.#turn) stage.showWorking(false);
  }

  /** Paint a frame of the camera at a size that is quick. */
  async paintFrame(image: CanvasImageSource & Size): Promise<Picture> {
    const content = pixelsOf(image, fit(image, this.#pace.side(FRAME)));
    const code = await this.#code();
    await this.painter.ready;
    return this.#pace.measure(content, () => this.painter.stylize(content, code, this.alpha));
  }

  /** Give up what is being painted. */
  stop(): void {
    this.#turn++;
    this.painter.restart();
    stage.showWorking(false);
    showStatus("Stopped.");
  }

  /** @returns whether the picture is there, and still wanted */
  async #attempt(turn: number, size: Size): Promise<boolean> {
    if (turn !== this.#turn || !this.photo) return false;
    const { image } = this.photo;
    try {
      const code = await this.#code();
      await this.painter.ready;
      stage.showBusy(this.#pace.duration(size));
      const content = pixelsOf(image, size);
      const start = performance.now();
      const picture = await this.#pace.measure(size, () => this.painter.stylize(content, code, this.alpha));
      if (this.photo.image !== image) return false;
      stage.showResult(picture);
      if (this.#fresh) stage.reveal();
      this.#fresh = false;
      clearError();
      showStatus(this.#report(size, performance.now() - start));
      return turn === this.#turn;
    } catch (error) {
      if (!(error instanceof Stopped)) showError(firstLine(error));
      return false;
    } finally {
      stage.showIdle();
    }
  }

  async #code(): Promise<Float32Array> {
    const [first, second] = this.styles;
    if (!second) return first.code();
    return blend(await Promise.all([first.code(), second.code()]), [1 - this.mix, this.mix]);
  }

  #report({ width, height }: Size, ms: number): string {
    const { image } = this.photo!;
    const wanted = fit(image, this.size);
    const short = wanted.width * wanted.height > this.maxPixels;
    const megapixels = (this.maxPixels / 1e6).toFixed(1);
    const reason = short ? ` Made smaller: the memory of a browser is enough for about ${megapixels} megapixels.` : "";
    return `${width} × ${height} pixels in ${(ms / 1000).toFixed(1)} s.${reason}`;
  }
}
