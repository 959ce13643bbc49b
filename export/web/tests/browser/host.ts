import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, resolve } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".css": "text/css",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
};

const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }; // as hosts do while they send

/**
 * A plain static host, as people have: the files of `root` in a folder, and no headers for isolation.
 *
 * @param compressed by brotli, as many hosts do
 * @returns `sent` holds what was sent, and when
 */
export async function startHost(folder: string, root = "dist", compressed = false) {
  const sent: { name: string; bytes: number; time: number }[] = [];
  const server = createServer((request, response) => {
    const path = new URL(request.url!, "http://host").pathname;
    const name = path.startsWith(folder) ? path.slice(folder.length) || "index.html" : "missing";
    const file = resolve(import.meta.dirname, "../..", root, name);
    response.statusCode = existsSync(file) ? 200 : 404;
    response.setHeader("Content-Type", TYPES[extname(file)] ?? "application/octet-stream");
    if (!existsSync(file)) return void response.end();
    const whole = readFileSync(file);
    const body = compressed ? brotliCompressSync(whole, BROTLI) : whole;
    if (compressed) response.setHeader("Content-Encoding", "br");
    sent.push({ name, bytes: body.length, time: Date.now() });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  return {
    sent,
    address: `http://localhost:${(server.address() as AddressInfo).port}${folder}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}
