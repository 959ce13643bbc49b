// The page's large files, with their sizes in bytes for the progress bar. Here alone the page chooses its model.
import asyncifyGlue from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url";
import asyncify from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url";
import asyncifySize from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?size";
import jspiGlue from "onnxruntime-web/ort-wasm-simd-threaded.jspi.mjs?url";
import jspi from "onnxruntime-web/ort-wasm-simd-threaded.jspi.wasm?url";
import jspiSize from "onnxruntime-web/ort-wasm-simd-threaded.jspi.wasm?size";
import wasmGlue from "onnxruntime-web/ort-wasm-simd-threaded.mjs?url";
import wasm from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import wasmSize from "onnxruntime-web/ort-wasm-simd-threaded.wasm?size";
import styleEncoder from "@models/style_encoder.onnx?url";
import styleEncoderSize from "@models/style_encoder.onnx?size";
import stylizer from "@models/stylizer.onnx?url";
import stylizerSize from "@models/stylizer.onnx?size";
import type { Wanted } from "./messages";

const here = (url: string) => new URL(url, location.href).href; // a worker has another address

/** The model of the page, and where onnxruntime-web's files are. */
export const files: Pick<Wanted, "model" | "runtime" | "sizes" | "keep"> = {
  model: { stylizer: here(stylizer), styleEncoder: here(styleEncoder) },
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
    [here(stylizer)]: stylizerSize,
    [here(styleEncoder)]: styleEncoderSize,
  },
  keep: import.meta.env.PROD, // names that the dev server gives hold no hash
};
