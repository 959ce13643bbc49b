/** The model, away from the page's thread. It answers requests in the order in which they come. */
import { load, type Adain } from "./adain";
import { offers } from "./builds";
import { AdainError, firstLine } from "./errors";
import type { Reply, Request, Wanted } from "./messages";
import { shelf } from "./shelf";

let adain: Promise<Adain>;
let encoder: Promise<void> | undefined;
let wanted: Wanted;

self.onmessage = async ({ data: request }: MessageEvent<Request>) => {
  try {
    if (request.kind === "load") await start(request.wanted);
    else reply({ kind: "done", id: request.id, result: await answer(request) });
  } catch (error) {
    const id = request.kind === "load" ? undefined : request.id;
    reply({ kind: "failed", id, message: firstLine(error), broken: !(error instanceof AdainError) });
  }
};

async function start(what: Wanted): Promise<void> {
  wanted = what;
  encoder = undefined;
  const read = shelf(wanted, (loaded, total) => reply({ kind: "progress", loaded, total }));
  const { engine: choice, runtime, threads } = wanted;
  adain = load({ stylizer: wanted.model.stylizer }, { engines: offers(choice, runtime, threads), read });
  const model = await adain;
  const { engine, styleSize, checkpoint, passed } = model;
  reply({ kind: "ready", model: { engine, threads: model.threads, styleSize, checkpoint, passed } });
}

async function answer(request: Exclude<Request, { kind: "load" }>) {
  try {
    return await run(await adain, request);
  } catch (error) {
    if (error instanceof AdainError || (await adain).engine !== "webgpu") throw error;
    await start({ ...wanted, engine: "wasm" }); // the graphics card was lost, or has too little memory
    return run(await adain, request);
  }
}

async function run(model: Adain, request: Exclude<Request, { kind: "load" }>) {
  if (request.kind === "stylize") return model.stylizeBatch(request.contents, request.codes, request.alpha);
  encoder ??= model.loadStyleEncoder(wanted.model.styleEncoder); // the built-in styles do without
  encoder.catch(() => (encoder = undefined)); // perhaps there is a connection next time
  await encoder;
  return model.encodeStyle(request.painting, request.size);
}

function reply(message: Reply): void {
  self.postMessage(message);
}
