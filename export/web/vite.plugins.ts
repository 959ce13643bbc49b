import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import type { Plugin } from "vite";

const LARGE = /\.(onnx|wasm)$/;
const LATER = /\.npy$/;

/** `import bytes from "./file?size"` is the size of a file. */
export function fileSizes(): Plugin {
  const query = "?size";
  return {
    name: "file-sizes",
    enforce: "pre",
    async resolveId(id, importer) {
      if (!id.endsWith(query)) return null;
      const file = await this.resolve(id.slice(0, -query.length), importer);
      return file && file.id + query;
    },
    load(id) {
      return id.endsWith(query) ? `export default ${statSync(id.slice(0, -query.length)).size}` : null;
    },
  };
}

/** Writes notices.txt: whose work the page carries, and under which licences. */
export function notices(): Plugin {
  const texts = {
    adain: ["../../LICENSE", "../../NOTICE"],
    "pbf (Mapbox)": ["node_modules/pbf/LICENSE"],
  };
  const others = [
    "onnxruntime-web: copyright (c) Microsoft Corporation, MIT License, https://github.com/microsoft/onnxruntime",
    "The photographs, from scikit-image: cat by Stefan van der Walt, CC0; coffee by Rachel Michetti, CC0; astronaut by NASA",
  ];
  return {
    name: "notices",
    apply: "build",
    generateBundle() {
      const parts = Object.entries(texts).map(([title, files]) =>
        [title, ...files.map((file) => readFileSync(file, "utf8"))].join("\n\n"),
      );
      this.emitFile({ type: "asset", fileName: "notices.txt", source: [...parts, ...others].join("\n\n---\n\n") });
    },
  };
}

/**
 * Tells src/sw.ts which files there are: `__SHELL__` to fetch at once, `__LARGE__` that the worker keeps. The codes are
 * fetched by the page once it has painted, and kept as they come.
 */
export function serviceWorker(): Plugin {
  return {
    name: "service-worker",
    apply: "build",
    enforce: "post",
    generateBundle(_, bundle) {
      const worker = bundle["sw.js"];
      if (worker?.type !== "chunk") throw new Error("sw.js is missing from the build");
      const built = Object.keys(bundle).filter((name) => name !== "sw.js").sort();
      const large = built.filter((name) => LARGE.test(name));
      const shell = ["./", ...built.filter((name) => !LARGE.test(name) && !LATER.test(name)), ...readdirSync("public")];
      const hash = createHash("sha256");
      for (const file of Object.values(bundle)) hash.update(file.type === "chunk" ? file.code : file.source);
      const values = { __SHELL__: shell, __LARGE__: large, __VERSION__: hash.digest("hex").slice(0, 12) };
      for (const [name, value] of Object.entries(values)) {
        worker.code = worker.code.replace(name, () => JSON.stringify(value));
      }
    },
  };
}
