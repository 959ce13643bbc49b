import { AdainError } from "./errors";
import type { ModelInfo, Reply, Request, Wanted } from "./messages";
import type { Picture } from "./picture";
import { PAINTING_SIZE } from "./shrink";

export interface PainterEvents {
  /** Bytes so far and in all. */
  progress(loaded: number, total: number): void;
  /** The model is ready, or has moved to another engine. */
  ready(model: ModelInfo): void;
  /** The model cannot be loaded. */
  failed(message: string): void;
}

/** A request was given up because `restart` was called. */
export class Stopped extends Error {}

interface Waiting {
  resolve(result: Float32Array | Picture[]): void;
  reject(error: Error): void;
}

/** The page's side of the worker. */
export class Painter {
  #worker: Worker | undefined;
  #nextId = 0;
  #waiting = new Map<number, Waiting>();
  #started = 0;
  #lost = false;
  #loadTime = Infinity;
  #model: ModelInfo | undefined;
  #ready!: Promise<ModelInfo>;
  #settle!: { resolve(model: ModelInfo): void; reject(error: Error): void };

  /** @param spawn makes the worker, when `start` is called */
  constructor(
    readonly spawn: () => Worker,
    readonly wanted: Wanted,
    readonly events: Partial<PainterEvents> = {},
  ) {
    this.#renew();
  }

  /** Begin to load, unless that has been done. */
  start(): void {
    if (this.#worker) return;
    this.#lost = false;
    this.#started = performance.now();
    this.#worker = this.spawn();
    this.#worker.onmessage = ({ data }: MessageEvent<Reply>) => this.#hear(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#lose(`the worker stopped (${event.message || "it could not be started"})`);
    };
    this.#post({ kind: "load", wanted: whole(this.wanted) });
  }

  /** Until the model is loaded. */
  get ready(): Promise<ModelInfo> {
    return this.#ready;
  }

  /** The model, once it is loaded. */
  get model(): ModelInfo | undefined {
    return this.#model;
  }

  /** Whether something was asked for that is not there yet. */
  get busy(): boolean {
    return this.#waiting.size > 0;
  }

  /** Whether the model could not be loaded; `restart` tries again. */
  get lost(): boolean {
    return this.#lost;
  }

  /** How long a restart will take, in ms; infinite before the first load is done. */
  get loadTime(): number {
    return this.#loadTime;
  }

  /** See `Adain.encodeStyle`. */
  encodeStyle(painting: Picture, size = PAINTING_SIZE): Promise<Float32Array> {
    return this.#ask((id) => ({ kind: "encode", id, painting, size })) as Promise<Float32Array>;
  }

  /** See `Adain.stylize`. */
  async stylize(content: Picture, code: Float32Array, alpha: number): Promise<Picture> {
    const [picture] = await this.stylizeBatch([content], [code], alpha);
    return picture!;
  }

  /** See `Adain.stylizeBatch`. */
  stylizeBatch(contents: Picture[], codes: Float32Array[], alpha: number): Promise<Picture[]> {
    return this.#ask((id) => ({ kind: "stylize", id, contents, codes, alpha })) as Promise<Picture[]>;
  }

  /** Give up all that is asked for, with `Stopped`, and start afresh: the one way to stop a run. */
  restart(): void {
    if (this.end()) this.start();
  }

  /** Give up all that is asked for, with `Stopped`, and the model's memory. */
  end(): boolean {
    if (!this.#worker) return false;
    this.#worker.terminate();
    this.#worker = undefined;
    this.#settle.reject(new Stopped("stopped"));
    this.#fail(new Stopped("stopped"));
    this.#renew();
    return true;
  }

  #renew(): void {
    this.#model = undefined;
    this.#ready = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    this.#ready.catch(() => undefined); // told by events.failed
  }

  #hear(reply: Reply): void {
    if (reply.kind === "progress") return this.#lost ? undefined : this.events.progress?.(reply.loaded, reply.total);
    if (reply.kind === "ready") {
      this.#loadTime = performance.now() - this.#started;
      this.#settle.resolve((this.#model = reply.model));
      return this.events.ready?.(reply.model);
    }
    if (reply.kind === "failed" && reply.id === undefined) return this.#lose(reply.message);
    const waiting = this.#waiting.get(reply.id!);
    this.#waiting.delete(reply.id!);
    if (reply.kind === "done") waiting?.resolve(reply.result);
    else if (!reply.broken) waiting?.reject(new AdainError(reply.message));
    else {
      waiting?.reject(new AdainError(`the picture could not be painted (${reply.message}); choose a smaller size`));
      this.restart();
    }
  }

  #ask(request: (id: number) => Request): Promise<Float32Array | Picture[]> {
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      this.#waiting.set(id, { resolve, reject });
      this.#post(request(id));
    });
  }

  #post(request: Request): void {
    this.#worker?.postMessage(request);
  }

  #lose(message: string): void {
    this.#lost = true;
    this.#settle.reject(new AdainError(message));
    this.#fail(new AdainError(message));
    this.events.failed?.(message);
  }

  #fail(error: Error): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(error);
  }
}

/** With whole addresses, since those in a worker are relative to the worker's file. */
function whole(wanted: Wanted): Wanted {
  const base = globalThis.location?.href; // there is none in Node's tests
  const address = (url: string) => (base ? new URL(url, base).href : url);
  const { model, runtime } = wanted;
  return {
    ...wanted,
    model: { stylizer: address(model.stylizer), styleEncoder: address(model.styleEncoder) },
    ...(typeof runtime === "string" ? { runtime: address(runtime) } : {}),
  };
}
