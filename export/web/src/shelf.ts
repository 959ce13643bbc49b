import { SHELF } from "./caches";
import { download } from "./download";
import { sizes } from "./files";

/**
 * A reader that keeps what it has fetched, so that the page works offline from then on, and tells its progress.
 *
 * @param expected about how many bytes will be asked for
 * @param onProgress bytes so far and in all, over everything that has been asked for
 */
export function shelf(expected: number, onProgress: (loaded: number, total: number) => void) {
  let loaded = 0;
  let asked = 0;
  const count = (bytes: number) => onProgress((loaded += bytes), Math.max(asked, expected));
  return async (url: string): Promise<Uint8Array> => {
    asked += sizes[url] ?? 0;
    count(0);
    const cache = await openCache();
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

/** The names of built files hold their hash, so that what is kept is right; those of the dev server do not. */
async function openCache(): Promise<Cache | undefined> {
  if (!import.meta.env.PROD || !("caches" in globalThis)) return undefined;
  return caches.open(SHELF).catch(() => undefined); // private windows of some browsers
}
