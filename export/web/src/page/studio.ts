import { blend, PAINTING_SIZE, toCanvas, type Picture } from "../adain";
import { firstLine } from "../errors";
import { Latest } from "../latest";
import { Stopped, type Painter } from "../painter";
import { canvasOf } from "./dom";
import { clearError, showError, showStatus } from "./notice";
import { fit, pixelsOf, type Photo, type Size } from "./photo";
import { Pace } from "./pace";
import * as stage from "./stage";
import type { Style } from "./styles";

const DRAFT = { ms: 400, min: 256, max: 512 }; // how long a draft may take, and its longer side in px
const FRAME = { ms: 120, min: 128, max: 512 }; // the same for a frame of the camera
const WORTH = 3; // times that the full picture takes longer, for a draft to come first
const TOLD = 2000; // ms of painting, from which on the time is told

/** A picture of a photo that is done: what is saved, shared, compared, and comes back after a stop. */
export interface Finished {
  readonly photo: Photo;
  readonly canvas: HTMLCanvasElement;
  /** For its file. */
  readonly name: string;
}

/** What is painted, how, and when. */
export class Studio {
  photo: Photo | undefined;
  /** Of the photo; there is none while its first one is being painted. */
  finished: Finished | undefined;
  /** The first painting, and the second one where there is one. */
  styles: [first: Style, second?: Style];
  /** Share of the second painting, 0 to 1. */
  mix = 0.5;
  /** Strength, 0 to 1. */
  alpha = 1;
  /** The longer side in px. */
  size = 512;
  /** Of own paintings, the shorter side in px: less gives finer strokes. */
  strokes = PAINTING_SIZE;

  #pace = new Pace();
  #latest = new Latest();
  #turn = 0;
  #painting = false;

  /** @param maxPixels what the memory is enough for */
  constructor(
    readonly painter: Painter,
    readonly maxPixels: number,
    style: Style,
  ) {
    this.styles = [style];
  }

  /**
   * Paint another photo.
   *
   * @returns as `paint` does
   */
  async open(photo: Photo): Promise<boolean | undefined> {
    this.photo = photo;
    this.finished = undefined;
    stage.showPhoto(photo.image);
    return this.paint();
  }

  /** Whether a photo would be painted after this style alone, at full strength, 512 px. */
  looksLike(style: Style): boolean {
    return this.styles.length === 1 && this.styles[0] === style && this.alpha === 1 && this.size === 512;
  }

  /** Show a photo with a picture of it that is there already. */
  openFinished(finished: Finished): void {
    this.#turn++;
    this.interrupt();
    this.photo = finished.photo;
    this.finished = finished;
    stage.showPhoto(finished.photo.image);
    this.#rest();
    stage.reveal();
    showStatus("");
  }

  /**
   * Paint the photo anew. Where that takes long, a draft comes first. Any call makes those before it void.
   *
   * @param options.draft paint a draft only: a slider is being moved
   * @returns whether the picture is there; undefined where it is no longer wanted
   */
  async paint({ draft = false } = {}): Promise<boolean | undefined> {
    const turn = ++this.#turn;
    if (!this.photo) return false;
    this.interrupt();
    this.#painting = true;
    stage.showWorking(true);
    let done = false;
    for (const size of this.#sizes(this.photo.image, draft)) {
      const last = !draft && size.whole;
      done = (await this.#latest.submit(() => this.#attempt(turn, size, last))) ?? false;
      if (!done) break;
    }
    if (turn !== this.#turn) return undefined;
    if (draft && done) this.#idle();
    else this.#rest();
    return done;
  }

  /** Paint a frame of the camera at a size that is quick. */
  async paintFrame(image: CanvasImageSource & Size): Promise<Picture> {
    const content = pixelsOf(image, fit(image, this.#pace.side(FRAME)));
    const code = await this.#code();
    await this.painter.ready;
    return this.#pace.measure(content, () => this.painter.stylize(content, code, this.alpha));
  }

  /** Give up what is being painted; the last finished picture of the photo comes back. */
  stop(): void {
    this.#turn++;
    this.painter.restart();
    this.#rest();
    showStatus("Stopped.");
  }

  /** Leave the stage to the camera. */
  pause(): void {
    this.#turn++;
    if (this.#painting) this.painter.restart();
    this.#idle();
    stage.allowSaving(false);
    showStatus("");
  }

  /** Come back to the photo that was there before the camera. */
  async resume(): Promise<void> {
    if (this.finished) this.openFinished(this.finished);
    else if (this.photo) await this.open(this.photo);
  }

  /** End a run that nobody waits for, where that is faster than to wait for it; and try again to load the model. */
  interrupt(): void {
    if (this.painter.lost || this.#pace.remaining > this.painter.loadTime) this.painter.restart();
  }

  #sizes(image: Size, draft: boolean): (Size & { readonly whole: boolean })[] {
    const full = { ...fit(image, this.size, this.maxPixels), whole: true };
    const small = { ...fit(image, Math.min(this.size, this.#pace.side(DRAFT)), this.maxPixels), whole: false };
    if (draft) return [small];
    const long = this.#pace.duration(full);
    return long > 2 * DRAFT.ms && long > WORTH * this.#pace.duration(small) ? [small, full] : [full];
  }

  /** @returns whether the picture is there, and still wanted */
  async #attempt(turn: number, size: Size, last: boolean): Promise<boolean> {
    if (turn !== this.#turn || !this.photo) return false;
    const { photo } = this;
    try {
      const name = this.#name(photo, size);
      const code = await this.#code();
      await this.painter.ready;
      if (this.photo !== photo) return false;
      const duration = this.#pace.duration(size);
      stage.showBusy(duration);
      if (last && duration > TOLD) showStatus(`Painting ${sizeText(size)}: about ${Math.round(duration / 1000)} s.`);
      const content = pixelsOf(photo.image, size);
      const start = performance.now();
      const picture = await this.#pace.measure(size, () => this.painter.stylize(content, code, this.alpha));
      if (this.photo !== photo) return false;
      const canvas = canvasOf(toCanvas(picture));
      stage.showResult(canvas);
      if (!this.finished) stage.reveal();
      if (!last) return turn === this.#turn;
      this.finished = { photo, canvas, name };
      clearError();
      showStatus(`${sizeText(size)} pixels in ${((performance.now() - start) / 1000).toFixed(1)} s.${this.#shortened()}`);
      return turn === this.#turn;
    } catch (error) {
      if (!(error instanceof Stopped)) showError(firstLine(error), this.painter.lost);
      return false;
    } finally {
      stage.showIdle();
    }
  }

  /** Nothing is painted any more: the finished picture is on the stage, or the bare photo. */
  #rest(): void {
    this.#idle();
    if (this.finished) stage.showResult(this.finished.canvas);
    else if (this.photo) stage.showPhoto(this.photo.image);
    stage.allowSaving(this.finished !== undefined);
  }

  #idle(): void {
    this.#painting = false;
    stage.showIdle();
    stage.showWorking(false);
  }

  async #code(): Promise<Float32Array> {
    const [first, second] = this.styles;
    if (!second) return first.code(this.strokes);
    const codes = await Promise.all([first.code(this.strokes), second.code(this.strokes)]);
    return blend(codes, [1 - this.mix, this.mix]);
  }

  /** Photo, paintings, and what else makes two pictures differ. */
  #name(photo: Photo, { width, height }: Size): string {
    const [first, second] = this.styles;
    const share = second ? [`${Math.round(100 * (1 - this.mix))}`, second.title, `${Math.round(100 * this.mix)}`] : [];
    const strokes = this.strokes !== PAINTING_SIZE && this.styles.some((style) => style?.strokes);
    const strength = this.alpha < 1 ? [`strength ${Math.round(100 * this.alpha)}`] : [];
    const parts = [photo.name, first.title, ...share, ...strength, ...(strokes ? [`strokes ${this.strokes}`] : [])];
    return [...parts, `${width}x${height}`].join(" ").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-");
  }

  #shortened(): string {
    const wanted = fit(this.photo!.image, this.size);
    if (wanted.width * wanted.height <= this.maxPixels) return "";
    const megapixels = (this.maxPixels / 1e6).toFixed(1);
    return ` Made smaller: the memory of a browser is enough for about ${megapixels} megapixels.`;
  }
}

function sizeText({ width, height }: Size): string {
  return `${width} × ${height}`;
}
