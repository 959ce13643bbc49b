/** The visitor's own files, kept in the browser until others take their place: so they survive a reload. */
const MINE = "adain-mine";
const NAME = "x-name";

/** Keep a file at a place, such as "photo" or "painting/3". Where there is no room, it is not kept. */
export async function keep(place: string, file: File): Promise<void> {
  const headers = { "content-type": file.type || "application/octet-stream", [NAME]: encodeURIComponent(file.name) };
  const cache = await open();
  await cache?.put(`./mine/${place}`, new Response(file, { headers })).catch(() => undefined);
}

/** Forget what is at a place. */
export async function forget(place: string): Promise<void> {
  await (await open())?.delete(`./mine/${place}`);
}

/** The files at a place and below it, by the last part of their places, in the order in which they came. */
export async function kept(place: string): Promise<Map<string, File>> {
  const cache = await open();
  const files = new Map<string, File>();
  for (const request of (await cache?.keys()) ?? []) {
    if (!new URL(request.url).pathname.includes(`/mine/${place}`)) continue;
    const response = (await cache!.match(request))!;
    const name = decodeURIComponent(response.headers.get(NAME) ?? place);
    const file = new File([await response.blob()], name, { type: response.headers.get("content-type") ?? "" });
    files.set(request.url.split("/").at(-1)!, file);
  }
  return files;
}

async function open(): Promise<Cache | undefined> {
  return "caches" in globalThis ? caches.open(MINE).catch(() => undefined) : undefined; // private windows
}
