import type { InferenceSession, Tensor, TensorConstructor } from "onnxruntime-common";

/** What a graph takes and gives, by name. */
export type Values = Record<string, { readonly data: Uint8Array | Float32Array; readonly dims: readonly number[] }>;

/** A model, ready to run. */
export interface Session {
  run(inputs: Values): Promise<Values>;
  release(): Promise<void>;
}

export type EngineName = "webgpu" | "wasm";

/** One way to run models on this device. */
export interface Engine {
  readonly name: EngineName;
  /** Of the CPU, 1 or more. */
  readonly threads: number;
  open(model: Uint8Array): Promise<Session>;
  /** A slow but sure engine; where there is one, the first answers of this engine are compared with its. */
  readonly reference?: Engine;
}

/** An engine that may be there: `start` rejects where it is not. */
export interface EngineOffer {
  readonly name: EngineName;
  start(read: Read): Promise<Engine>;
}

/** Fetch a whole file. */
export type Read = (url: string) => Promise<Uint8Array>;

/** The part of onnxruntime-web that is used; its builds and onnxruntime's other JavaScript packages all have it. */
export interface Onnxruntime {
  readonly InferenceSession: {
    create(model: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  readonly Tensor: TensorConstructor;
}

/** An engine from a build of onnxruntime. */
export function engineOf(ort: Onnxruntime, name: EngineName, threads: number): Engine {
  let turn: Promise<unknown> = Promise.resolve(); // a build runs one session at a time
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = turn.then(work);
    turn = done.catch(() => undefined);
    return done;
  };
  return {
    name,
    threads,
    async open(model) {
      const options = { executionProviders: [name], intraOpNumThreads: threads };
      const session = await inTurn(() => ort.InferenceSession.create(model, options));
      return {
        run: (inputs) => inTurn(async () => fromTensors(await session.run(toTensors(ort, inputs)))),
        release: () => inTurn(() => session.release()),
      };
    },
  };
}

function toTensors(ort: Onnxruntime, values: Values): Record<string, Tensor> {
  const tensor = ({ data, dims }: Values[string]): Tensor =>
    data instanceof Uint8Array ? new ort.Tensor("uint8", data, dims) : new ort.Tensor("float32", data, dims);
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, tensor(value)]));
}

function fromTensors(tensors: InferenceSession.OnnxValueMapType): Values {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, value]) => {
      const { data, dims } = value as Tensor;
      return [name, { data: data as Uint8Array | Float32Array, dims }];
    }),
  );
}
