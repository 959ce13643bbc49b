import { blend, PAINTING_SIZE, toCanvas, type Picture } from "../adain";
import { firstLine } from "../errors";
import type { Quality } from "../files";
import { Latest } from "../latest";
import { Stopped, type Painter } from "../painter";
import { canvasOf } from "./dom";
import { clearError, showEngine, showError, showStatus } from "./notice";
import { fit, pixelsOf, type Photo, type Size } from "./photo";
import { Pace } from "./pace";
import * as stage from "./stage";
import type { Style } from "./styles";

const FRAME = { ms: 50, min: 128, max: 512 }; // how long a frame of the camera may take, and its longer side in px
const SHOWN = 300; // ms of painting, from which on the brush is shown
const TOLD = 2000; // the same for the time

/** A picture of a photo that is done: what is saved, shared, compared, and comes back after a stop. */
export interface Finished {
  readonly photo: Photo;
  readonly canvas: HTMLCanvasElement;
  /** For its file. */
  readonly name: string;
}

/** One of the page's networks, at work. */
export class Network {
  readonly latest = new Latest();
  readonly pace: Pace;

  /**
   * @param maxPixels what the memory is enough for
   * @param perPixel ms, of WebAssembly on a laptop
   */
  constructor(
    readonly painter: Painter,
    readonly maxPixels: number,
    perPixel: number,
  ) {
    this.pace = new Pace(perPixel);
  }

  /** End a run that nobody waits for, where that is faster than to wait for it; and try again to load the model. */
  interrupt(): void {
    if (this.painter.lost || this.pace.remaining > this.painter.loadTime) this.painter.restart();
  }

  /** Give up what is being painted. */
  stop(): void {
    if (this.painter.busy) this.painter.restart();
  }
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
  /** The network that paints the finished picture. The small one paints every change first, at once. */
  quality: Quality = "fast";
  /** The longer side in px. */
  size = 512;
  /** Of own paintings, the shorter side in px: less gives finer strokes. */
  strokes = PAINTING_SIZE;

  #turn = 0;

  constructor(
    readonly networks: Readonly<Record<Quality, Network>>,
    style: Style,
  ) {
    this.styles = [style];
  }

  /** The network that paints the finished picture. */
  get network(): Network {
    return this.networks[this.quality];
  }

  /** Choose that network; the memory of the large one is given back when it is not. */
  choose(quality: Quality): void {
    this.quality = quality;
    if (quality === "fast") this.networks.finest.painter.end();
  }

  /**
   * Paint another photo.
   *
   * @param preview what is shown of it until it is painted
   * @returns as `paint` does
   */
  async open(photo: Photo, preview?: HTMLCanvasElement): Promise<boolean | undefined> {
    this.photo = photo;
    this.finished = undefined;
    stage.showPhoto(photo.image);
    if (preview) stage.showResult(preview);
    return this.paint();
  }

  /** Whether a photo would be painted after this style alone, at full strength. */
  looksLike(style: Style): boolean {
    return this.styles.length === 1 && this.styles[0] === style && this.alpha === 1;
  }

  /**
   * Paint the photo anew. Any call makes those before it void.
   *
   * @param options.moving a slider is being moved: no more than what the small network paints at once
   * @returns whether the finished picture is there; undefined where it is no longer wanted
   */
  async paint({ moving = false } = {}): Promise<boolean | undefined> {
    const turn = ++this.#turn;
    if (!this.photo) return false;
    for (const network of Object.values(this.networks)) network.interrupt();
    stage.showWorking(true);
    const wait = moving && this.quality !== "fast";
    const steps: Quality[] = wait || this.quality === "fast" ? ["fast"] : ["fast", this.quality];
    let done = false;
    for (const step of steps) {
      done = (await this.networks[step].latest.submit(() => this.#attempt(turn, step))) ?? false;
      if (!done) break;
    }
    if (turn !== this.#turn) return undefined;
    if (wait && done) this.#idle();
    else this.#rest();
    return done;
  }

  /** Paint a frame of the camera. */
  async paintFrame(frame: HTMLCanvasElement): Promise<Picture> {
    const { painter, pace } = this.#live;
    const content = pixelsOf(frame, frame);
    const code = await this.#code();
    await painter.ready;
    return pace.measure(content, () => painter.stylize(content, code, this.alpha));
  }

  /** The longer side of a frame that is quick, in px. */
  get frameSide(): number {
    return this.#live.pace.side(FRAME);
  }

  /** What paints frames: the large network only where a graphics card helps it. */
  get #live(): Network {
    return this.network.painter.model?.engine === "webgpu" ? this.network : this.networks.fast;
  }

  /** Give up what is being painted; the last finished picture of the photo comes back. */
  stop(): void {
    this.#giveUp();
    this.#rest();
    showStatus("Stopped.");
  }

  /** Leave the stage to the camera. */
  pause(): void {
    this.#giveUp();
    this.#idle();
    stage.allowSaving(false);
    showStatus("");
  }

  /** Come back to the photo that was there before the camera. */
  async resume(): Promise<void> {
    if (!this.photo) return;
    if (!this.finished) return void (await this.open(this.photo));
    this.#giveUp();
    stage.showPhoto(this.photo.image);
    this.#rest();
  }

  #giveUp(): void {
    this.#turn++;
    for (const network of Object.values(this.networks)) network.stop();
  }

  /** @returns whether the picture is there, and still wanted */
  async #attempt(turn: number, quality: Quality): Promise<boolean> {
    const { photo, alpha } = this;
    const { painter, pace } = this.networks[quality];
    if (turn !== this.#turn || !photo) return false;
    try {
      const size = fit(photo.image, this.size, this.network.maxPixels);
      const name = this.#name(photo, size);
      const code = await this.#code();
      if (quality !== "fast") painter.start(); // loaded when it is first wanted
      await painter.ready;
      if (turn !== this.#turn) return false;
      const duration = pace.duration(size);
      if (duration > SHOWN) stage.showBusy(duration);
      if (duration > TOLD) showStatus(`Painting ${sizeText(size)}: about ${Math.round(duration / 1000)} s.`);
      const content = pixelsOf(photo.image, size);
      const start = performance.now();
      const picture = await pace.measure(size, () => painter.stylize(content, code, alpha));
      const wanted = turn === this.#turn;
      if (this.photo !== photo || (quality !== "fast" && !wanted)) return false; // of a slider, all are shown
      const canvas = canvasOf(toCanvas(picture));
      stage.showResult(canvas);
      if (quality !== this.quality) return wanted;
      this.finished = { photo, canvas, name };
      clearError();
      showEngine(painter.model);
      showStatus(`${sizeText(size)} pixels in ${((performance.now() - start) / 1000).toFixed(1)} s.${this.#shortened()}`);
      return wanted;
    } catch (error) {
      if (!(error instanceof Stopped)) showError(firstLine(error), painter.lost);
      return false;
    } finally {
      if (turn === this.#turn) stage.showIdle();
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
    const { maxPixels } = this.network;
    if (wanted.width * wanted.height <= maxPixels) return "";
    const megapixels = (maxPixels / 1e6).toFixed(1);
    return ` Made smaller: the memory of a browser is enough for about ${megapixels} megapixels.`;
  }
}

function sizeText({ width, height }: Size): string {
  return `${width} × ${height}`;
}
