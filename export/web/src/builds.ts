// The builds of onnxruntime-web to choose from; a visitor downloads one. Megabytes of the
// WebAssembly file of 1.30, plain and gzipped: wasm 14 and 3.7, jspi 17 and 4.1, asyncify 27 and 6.6.
import { engineOf, type Engine, type EngineName, type EngineOffer, type Read } from "./engine";
import { AdainError } from "./errors";
import type { Wanted } from "./messages";

/** Beside this package in node_modules, where these are served as they are. */
const here = import.meta.url;
const RUNTIME = new URL("../../onnxruntime-web/dist/", here).href;

type Runtime = NonNullable<Wanted["runtime"]>;

interface Build {
  readonly module: () => Promise<typeof import("onnxruntime-web")>;
  /** Its files, without .mjs and .wasm. */
  readonly name: string;
}

/** The CPU alone. */
const WASM: Build = { module: () => import("onnxruntime-web/wasm"), name: "ort-wasm-simd-threaded" };
/** WebGPU where WebAssembly can wait for promises by itself. */
const JSPI: Build = { module: () => import("onnxruntime-web/jspi"), name: "ort-wasm-simd-threaded.jspi" };
/** WebGPU elsewhere. */
const ASYNCIFY: Build = {
  module: () => import("onnxruntime-web/webgpu"),
  name: "ort-wasm-simd-threaded.asyncify",
};

const MAX_THREADS = 8; // more gain little and cost memory

/**
 * The engines to try, best first.
 *
 * @param choice `auto` is WebGPU where there is a graphics card, else WebAssembly; a name is that one alone
 * @param runtime the folder of onnxruntime-web's files, or the address of each by its name
 * @param maxThreads of the CPU
 */
export function offers(
  choice: EngineName | "auto" = "auto",
  runtime: Runtime = RUNTIME,
  maxThreads = Infinity,
): EngineOffer[] {
  const threads = Math.min(threadCount(), MAX_THREADS, maxThreads);
  const webgpu: EngineOffer = { name: "webgpu", start: (read) => startWebGpu(read, runtime, threads, choice === "webgpu") };
  const wasm: EngineOffer = { name: "wasm", start: (read) => startWasm(read, runtime, threads) };
  return { auto: [webgpu, wasm], webgpu: [webgpu], wasm: [wasm] }[choice];
}

async function startWasm(read: Read, runtime: Runtime, threads: number): Promise<Engine> {
  return engineOf(await start(WASM, runtime, threads, read), "wasm", threads);
}

async function startWebGpu(
  read: Read,
  runtime: Runtime,
  threads: number,
  evenInSoftware: boolean,
): Promise<Engine> {
  const adapter = await gpu()?.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new AdainError("this browser has no WebGPU");
  if (adapter.info.isFallbackAdapter && !evenInSoftware) throw new AdainError("WebGPU is there in software only");
  const ort = await start("Suspending" in WebAssembly ? JSPI : ASYNCIFY, runtime, threads, read);
  return { ...engineOf(ort, "webgpu", threads), reference: engineOf(ort, "wasm", threads) };
}

async function start(
  build: Build,
  runtime: Runtime,
  threads: number,
  read: Read,
): Promise<typeof import("onnxruntime-web")> {
  const address = (suffix: string) => {
    const name = build.name + suffix;
    const found = typeof runtime === "string" ? `${runtime.replace(/\/?$/, "/")}${name}` : runtime[name];
    if (!found) throw new AdainError(`the runtime's file ${name} has no address; give a folder, or the address of each`);
    return found;
  };
  const [ort, binary] = await Promise.all([build.module(), read(address(".wasm"))]);
  ort.env.logLevel = "error";
  ort.env.wasm.numThreads = threads;
  ort.env.wasm.wasmPaths = { mjs: new URL(address(".mjs"), location.href).href };
  ort.env.wasm.wasmBinary = binary;
  return ort;
}

/** Threads need shared memory, which browsers give only to isolated pages (the headers COOP and COEP). */
function threadCount(): number {
  return globalThis.crossOriginIsolated ? navigator.hardwareConcurrency || 1 : 1;
}

/** The little of WebGPU's types that is needed. */
interface Gpu {
  requestAdapter(options: object): Promise<{ readonly info: { readonly isFallbackAdapter?: boolean } } | null>;
}

function gpu(): Gpu | undefined {
  return (navigator as { gpu?: Gpu }).gpu;
}
