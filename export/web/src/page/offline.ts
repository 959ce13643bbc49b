const TRIED = "adain-isolation-tried";
const WAIT = 10_000; // ms

/**
 * Start the service worker. On hosts that do not set the headers for shared memory, the page is loaded once more:
 * then it comes from the service worker, which sets them.
 *
 * @returns false where that is about to happen
 */
export async function prepareOffline(): Promise<boolean> {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return true;
  try {
    await navigator.serviceWorker.register("./sw.js");
    if (crossOriginIsolated || sessionStorage.getItem(TRIED)) return true;
    const ready = await Promise.race([navigator.serviceWorker.ready, new Promise<void>((r) => setTimeout(r, WAIT))]);
    if (!ready) return true;
    sessionStorage.setItem(TRIED, "yes");
    location.reload();
    return false;
  } catch {
    return true; // private windows and old browsers: online only, perhaps one thread
  }
}
