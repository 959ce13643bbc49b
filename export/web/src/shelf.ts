import { SHELF } from "./caches";
import { download } from "./download";
import type { Wanted } from "./messages";

/**
 * A reader that keeps what it has fetched, so that the page works offline from then on, and tells its progress.
 *
 * @param onProgress bytes so far and in all, over what is being fetched at the same time
 */
export function shelf({ sizes = {}, keep = false }: Wanted, onProgress: (loaded: number, total: number) => void) {
  let loaded = 0;
  let total = 0;
  const count = (bytes: number) => onProgress((loaded += bytes), total);
  return async (url: string): Promise<Uint8Array> => {
    if (loaded >= total) loaded = total = 0; // what was asked for before is there
    total += sizes[url] ?? 0;
    count(0);
    const cache = keep ? await openCache() : undefined;
    const kept = await cache?.match(url);
    if (kept) {
      const bytes = new Uint8Array(await kept.arrayBuffer());
      count(bytes.length);
      return bytes;
    }
    const bytes = await download(url, count);
    await cache?.put(url, new Response(bytes as Uint8Array<ArrayBuffer>)).catch(() => undefined); // full: not offline
    return bytes;
  };
}

async function openCache(): Promise<Cache | undefined> {
  if (!("caches" in globalThis)) return undefined;
  return caches.open(SHELF).catch(() => undefined); // private windows of some browsers
}
