import { resolve } from "node:path";
import { defineConfig } from "vitest/config";
import { fileSizes, notices, serviceWorker } from "./vite.plugins.ts";

const large = resolve(import.meta.dirname, process.env["ADAIN_MODELS"] ?? "../../weights/onnx");
const fast = resolve(import.meta.dirname, process.env["ADAIN_FAST"] ?? "../../weights/fast");
const styles = resolve(import.meta.dirname, process.env["ADAIN_STYLES"] ?? "../../weights/styles");

// What a page needs to be given shared memory, and so threads.
const headers = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

export default defineConfig({
  base: "./", // the build runs in any folder of any host
  plugins: [fileSizes(), notices(), serviceWorker()],
  resolve: {
    alias: { "@large": large, "@fast": fast, "@styles": styles },
    // Builds of onnxruntime-web without their glue code inside: its threads need that as a file of its own.
    conditions: ["onnxruntime-web-use-extern-wasm", "module", "browser", "development|production"],
  },
  assetsInclude: ["**/*.onnx", "**/*.npy"],
  optimizeDeps: { exclude: ["onnxruntime-web"] },
  worker: { format: "es", plugins: () => [fileSizes()] },
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    rolldownOptions: {
      input: { index: "index.html", sw: "src/sw.ts" },
      output: { entryFileNames: ({ name }) => (name === "sw" ? "sw.js" : "assets/[name]-[hash].js") },
    },
  },
  server: { headers, fs: { allow: [".", large, fast, styles] } },
  preview: { headers },
  test: { include: ["tests/unit/*.test.ts"] },
});
