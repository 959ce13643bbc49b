import { defineConfig } from "vite";

/** The package that `npm pack` makes: plain modules, with onnxruntime-web's scripts inside but not its .wasm files. */
export default defineConfig({
  publicDir: false,
  resolve: { conditions: ["onnxruntime-web-use-extern-wasm", "module", "browser", "production"] },
  build: {
    target: "es2022",
    outDir: "lib",
    lib: { entry: { library: "src/library.ts", worker: "src/worker.ts" }, formats: ["es"] },
    rolldownOptions: { output: { chunkFileNames: "[name].js" } }, // all in one folder: see RUNTIME in src/builds.ts
  },
});
