import type { EngineName } from "./engine";
import type { Picture } from "./picture";

export interface Wanted {
  readonly engine: EngineName | "auto";
  /** Of the CPU, at most. */
  readonly threads: number;
}

/** What the page asks of the worker. */
export type Request =
  | { kind: "load"; wanted: Wanted }
  | { kind: "encode"; id: number; painting: Picture }
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
