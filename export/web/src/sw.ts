/** The service worker: the page works offline, and is isolated (so has threads) on hosts that cannot set headers. */
import { SHELF, SHELL } from "./caches";

declare const self: ServiceWorkerGlobalScope;
declare const __SHELL__: string[]; // all three are filled in by vite.plugins.ts
declare const __LARGE__: string[];
declare const __VERSION__: string;

const ISOLATION = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
const { scope } = self.registration;
const here = `${SHELL} ${scope} `; // other folders of the same host may hold other builds
const current = here + __VERSION__;

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  if (method === "GET" && url.startsWith(scope)) event.respondWith(answer(event.request));
});

async function install(): Promise<void> {
  const cache = await caches.open(current);
  const hashed = (file: string) => file.startsWith("assets/"); // the page may have fetched it just now
  await cache.addAll(__SHELL__.map((file) => new Request(file, { cache: hashed(file) ? "force-cache" : "no-cache" })));
}

/** Remove what older builds have left. */
async function activate(): Promise<void> {
  const shells = (await caches.keys()).filter((name) => name.startsWith(here) && name !== current);
  await Promise.all(shells.map((name) => caches.delete(name)));
  const shelf = await caches.open(SHELF);
  const wanted = new Set(__LARGE__.map((file) => new URL(file, scope).href));
  const old = (await shelf.keys()).filter(({ url }) => url.startsWith(scope) && !wanted.has(url));
  await Promise.all(old.map((request) => shelf.delete(request)));
  await self.clients.claim();
}

async function answer(request: Request): Promise<Response> {
  const cache = await caches.open(current);
  const kept = await cache.match(request, { ignoreSearch: true });
  const response = kept ?? (await fetch(request));
  if (!kept && response.ok && request.url.endsWith(".npy")) await cache.put(request, response.clone());
  return isolated(response);
}

function isolated(response: Response): Response {
  if (response.status === 0) return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(ISOLATION)) headers.set(name, value);
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
