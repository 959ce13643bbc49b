import type { EngineName } from "./engine";
import type { Picture } from "./picture";

/** Where the files of a model are. */
export interface ModelFiles {
  readonly stylizer: string;
  readonly styleEncoder: string;
}

/** Addresses may be relative to the page: `Painter` makes them whole. */
export interface Wanted {
  readonly model: ModelFiles;
  /** WebGPU where there is a graphics card, else WebAssembly, unless told. */
  readonly engine?: EngineName | "auto";
  /** Of the CPU, at most. */
  readonly threads?: number;
  /** The folder of onnxruntime-web's files, or the address of each by its name; beside this package unless told. */
  readonly runtime?: string | Readonly<Record<string, string>>;
  /** Sizes of files in bytes by address, as far as they are known: for the progress. */
  readonly sizes?: Readonly<Record<string, number>>;
  /** Keep what was fetched in the browser's cache: where names hold a hash, so that what is kept is right. */
  readonly keep?: boolean;
}

/** What the page asks of the worker. */
export type Request =
  | { kind: "load"; wanted: Wanted }
  | { kind: "encode"; id: number; painting: Picture; size: number }
  | { kind: "stylize"; id: number; contents: Picture[]; codes: Float32Array[]; alpha: number };

/** What the worker tells the page. */
export type Reply =
  | { kind: "progress"; loaded: number; total: number }
  | { kind: "ready"; model: ModelInfo }
  | { kind: "done"; id: number; result: Float32Array | Picture[] }
  /** `id` is undefined where the model cannot be loaded; `broken` means that the worker is of no more use. */
  | { kind: "failed"; id: number | undefined; message: string; broken: boolean };

export interface ModelInfo {
  readonly engine: EngineName;
  readonly threads: number;
  readonly styleSize: number;
  readonly checkpoint: string;
  /** The engines that did not run here, each with the reason. */
  readonly passed: readonly string[];
}
