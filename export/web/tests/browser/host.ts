import { createReadStream, existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, resolve } from "node:path";

const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".css": "text/css",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
};

/** A plain static host, as people have: the files of `root` in a folder, and no headers for isolation. */
export async function startHost(folder: string, root = "dist") {
  const server = createServer((request, response) => {
    const path = new URL(request.url!, "http://host").pathname;
    const name = path.startsWith(folder) ? path.slice(folder.length) || "index.html" : "missing";
    const file = resolve(import.meta.dirname, "../..", root, name);
    response.statusCode = existsSync(file) ? 200 : 404;
    response.setHeader("Content-Type", TYPES[extname(file)] ?? "application/octet-stream");
    if (existsSync(file)) createReadStream(file).pipe(response);
    else response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  return {
    address: `http://localhost:${(server.address() as AddressInfo).port}${folder}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}
