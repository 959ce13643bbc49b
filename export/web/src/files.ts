// The page's large files, with their sizes in bytes for the progress bar. Here alone the page chooses its models.
import asyncifyGlue from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url";
import asyncify from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url";
import asyncifySize from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?size";
import jspiGlue from "onnxruntime-web/ort-wasm-simd-threaded.jspi.mjs?url";
import jspi from "onnxruntime-web/ort-wasm-simd-threaded.jspi.wasm?url";
import jspiSize from "onnxruntime-web/ort-wasm-simd-threaded.jspi.wasm?size";
import wasmGlue from "onnxruntime-web/ort-wasm-simd-threaded.mjs?url";
import wasm from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import wasmSize from "onnxruntime-web/ort-wasm-simd-threaded.wasm?size";
import large from "@large/stylizer.onnx?url";
import largeSize from "@large/stylizer.onnx?size";
import small from "@fast/stylizer.onnx?url";
import smallSize from "@fast/stylizer.onnx?size";
import styleEncoder from "@large/style_encoder.onnx?url";
import styleEncoderSize from "@large/style_encoder.onnx?size";
import type { Wanted } from "./messages";

const here = (url: string) => new URL(url, location.href).href; // a worker has another address

const common = {
  runtime: {
    "ort-wasm-simd-threaded.mjs": here(wasmGlue),
    "ort-wasm-simd-threaded.wasm": here(wasm),
    "ort-wasm-simd-threaded.jspi.mjs": here(jspiGlue),
    "ort-wasm-simd-threaded.jspi.wasm": here(jspi),
    "ort-wasm-simd-threaded.asyncify.mjs": here(asyncifyGlue),
    "ort-wasm-simd-threaded.asyncify.wasm": here(asyncify),
  },
  sizes: {
    [here(asyncify)]: asyncifySize,
    [here(jspi)]: jspiSize,
    [here(wasm)]: wasmSize,
    [here(large)]: largeSize,
    [here(small)]: smallSize,
    [here(styleEncoder)]: styleEncoderSize,
  },
  keep: import.meta.env.PROD, // names that the dev server gives hold no hash
} satisfies Partial<Wanted>;

/** The page's two networks. Both take the codes of the same style encoder. */
export type Quality = "fast" | "finest";

/** What each of them loads. The small one does without the larger build for WebGPU, so that it is there at once. */
export const networks: Record<Quality, Wanted> = {
  fast: { ...common, model: { stylizer: here(small), styleEncoder: here(styleEncoder) }, engine: "wasm" },
  finest: { ...common, model: { stylizer: here(large), styleEncoder: here(styleEncoder) }, engine: "auto" },
};
