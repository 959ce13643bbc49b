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
  const registered = navigator.serviceWorker.register("./sw.js");
  registered.catch(() => undefined); // private windows of some browsers: online only, perhaps one thread
  if (crossOriginIsolated || sessionStorage.getItem(TRIED)) return true;
  const ready = registered.then(() => navigator.serviceWorker.ready);
  const late = new Promise<undefined>((resolve) => setTimeout(resolve, WAIT));
  if (!(await Promise.race([ready.catch(() => undefined), late]))) return true;
  sessionStorage.setItem(TRIED, "yes");
  location.reload();
  return false;
}
