// The large files of the page, with their sizes in bytes for the progress bar.
import asyncify from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url";
import asyncifySize from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?size";
import jspi from "onnxruntime-web/ort-wasm-simd-threaded.jspi.wasm?url";
import jspiSize from "onnxruntime-web/ort-wasm-simd-threaded.jspi.wasm?size";
import wasm from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import wasmSize from "onnxruntime-web/ort-wasm-simd-threaded.wasm?size";
import styleEncoder from "@models/style_encoder.onnx?url";
import styleEncoderSize from "@models/style_encoder.onnx?size";
import stylizer from "@models/stylizer.onnx?url";
import stylizerSize from "@models/stylizer.onnx?size";

export { stylizer, styleEncoder };

/** What every visitor needs, in bytes; builds for WebGPU are a little larger. */
export const expected = stylizerSize + wasmSize;

export const sizes: Readonly<Record<string, number>> = {
  [asyncify]: asyncifySize,
  [jspi]: jspiSize,
  [wasm]: wasmSize,
  [stylizer]: stylizerSize,
  [styleEncoder]: styleEncoderSize,
};
