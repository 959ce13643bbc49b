// The builds of onnxruntime-web that the page can choose from; a visitor downloads one. Megabytes of the
// WebAssembly file of 1.30, plain and gzipped: wasm 14 and 3.7, jspi 17 and 4.1, asyncify 27 and 6.6.
import asyncifyGlue from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url";
import asyncifyBinary from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url";
import jspiGlue from "onnxruntime-web/ort-wasm-simd-threaded.jspi.mjs?url";
import jspiBinary from "onnxruntime-web/ort-wasm-simd-threaded.jspi.wasm?url";
import wasmGlue from "onnxruntime-web/ort-wasm-simd-threaded.mjs?url";
import wasmBinary from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import { engineOf, type Engine, type EngineName, type EngineOffer, type Read } from "./engine";
import { AdainError } from "./errors";

interface Build {
  readonly module: () => Promise<typeof import("onnxruntime-web")>;
  readonly glue: string;
  readonly binary: string;
}

/** The CPU alone. */
const WASM: Build = { module: () => import("onnxruntime-web/wasm"), glue: wasmGlue, binary: wasmBinary };
/** WebGPU where WebAssembly can wait for promises by itself. */
const JSPI: Build = { module: () => import("onnxruntime-web/jspi"), glue: jspiGlue, binary: jspiBinary };
/** WebGPU elsewhere. */
const ASYNCIFY: Build = { module: () => import("onnxruntime-web/webgpu"), glue: asyncifyGlue, binary: asyncifyBinary };

const MAX_THREADS = 8; // more gain little and cost memory

/**
 * The engines to try, best first.
 *
 * @param choice `auto` is WebGPU where there is a graphics card, else WebAssembly; a name is that one alone
 * @param maxThreads of the CPU
 */
export function offers(choice: EngineName | "auto" = "auto", maxThreads = Infinity): EngineOffer[] {
  const threads = Math.min(threadCount(), MAX_THREADS, maxThreads);
  const webgpu: EngineOffer = { name: "webgpu", start: (read) => startWebGpu(read, threads, choice === "webgpu") };
  const wasm: EngineOffer = { name: "wasm", start: (read) => startWasm(read, threads) };
  return { auto: [webgpu, wasm], webgpu: [webgpu], wasm: [wasm] }[choice];
}

async function startWasm(read: Read, threads: number): Promise<Engine> {
  return engineOf(await start(WASM, threads, read), "wasm", threads);
}

async function startWebGpu(read: Read, threads: number, evenInSoftware: boolean): Promise<Engine> {
  const adapter = await gpu()?.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new AdainError("this browser has no WebGPU");
  if (adapter.info.isFallbackAdapter && !evenInSoftware) throw new AdainError("WebGPU is there in software only");
  const ort = await start("Suspending" in WebAssembly ? JSPI : ASYNCIFY, threads, read);
  return { ...engineOf(ort, "webgpu", threads), reference: engineOf(ort, "wasm", threads) };
}

async function start(build: Build, threads: number, read: Read): Promise<typeof import("onnxruntime-web")> {
  const [ort, binary] = await Promise.all([build.module(), read(build.binary)]);
  ort.env.logLevel = "error";
  ort.env.wasm.numThreads = threads;
  ort.env.wasm.wasmPaths = { mjs: new URL(build.glue, location.href).href };
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
