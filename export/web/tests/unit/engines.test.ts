import { afterEach, describe, expect, it, vi } from "vitest";
import { load } from "../../src/adain";
import { offers } from "../../src/builds";
import type { Engine, EngineName, EngineOffer, Session } from "../../src/engine";
import { emptyModel, metadata } from "./models";

const stylizer = emptyModel(metadata);

/** A session that answers each content with pixels of one value. */
const painting = (value: number): Session => ({
  run: async ({ content }) => ({ stylized: { data: content!.data.map(() => value) as Uint8Array, dims: content!.dims } }),
  release: async () => undefined,
});

const engine = (name: EngineName, session: Session, reference?: Session): Engine => ({
  name,
  threads: 1,
  open: async () => session,
  ...(reference && { reference: engine("wasm", reference) }),
});

const offer = (name: EngineName, start: () => Promise<Engine>): EngineOffer => ({ name, start });
const wasm = offer("wasm", async () => engine("wasm", painting(7)));

describe("load", () => {
  it("takes the first engine that runs", async () => {
    const webgpu = offer("webgpu", async () => engine("webgpu", painting(7), painting(7)));
    const adain = await load({ stylizer }, { engines: [webgpu, wasm] });
    expect([adain.engine, adain.passed]).toEqual(["webgpu", []]);
  });

  it.each<[string, () => Promise<Engine>, RegExp]>([
    ["is not there", () => Promise.reject(new Error("no WebGPU\nstack")), /^webgpu: no WebGPU$/],
    [
      "cannot open the model",
      async () => ({ ...engine("webgpu", painting(7)), open: () => Promise.reject(new Error("no kernel for Pad")) }),
      /no kernel for Pad/,
    ],
    ["paints something else", async () => engine("webgpu", painting(9), painting(7)), /off by 2\.0/],
    ["fails when it runs", async () => engine("webgpu", { ...painting(7), run: () => Promise.reject("lost") }, painting(7)), /lost/],
  ])("takes WebAssembly where WebGPU %s, and tells why", async (_, start, reason) => {
    const adain = await load({ stylizer }, { engines: [offer("webgpu", start), wasm] });
    expect(adain.engine).toBe("wasm");
    expect(adain.passed.join()).toMatch(reason);
  });

  it("bears with differences of less than a step", async () => {
    const nearly: Session = {
      ...painting(7),
      run: async ({ content }) => ({
        stylized: { data: content!.data.map((_, i) => 7 + (i % 2)) as Uint8Array, dims: content!.dims },
      }),
    };
    const adain = await load({ stylizer }, { engines: [offer("webgpu", async () => engine("webgpu", nearly, painting(7))), wasm] });
    expect(adain.engine).toBe("webgpu");
  });

  it("tells why the last engine failed", async () => {
    const broken = offer("wasm", () => Promise.reject(new Error("no SIMD")));
    await expect(load({ stylizer }, { engines: [broken] })).rejects.toThrow("no SIMD");
  });

  it("does not try another engine for a bad file", async () => {
    const start = vi.fn(async () => engine("wasm", painting(7)));
    const engines = [wasm, offer("wasm", start)];
    await expect(load({ stylizer: new Uint8Array(9) }, { engines })).rejects.toThrow(/not an ONNX model/);
    expect(start).not.toHaveBeenCalled();
  });
});

describe("offers", () => {
  afterEach(() => vi.unstubAllGlobals());

  const read = () => Promise.reject(new Error("would download"));
  const withGpu = (adapter: object | null) =>
    vi.stubGlobal("navigator", { hardwareConcurrency: 4, gpu: { requestAdapter: async () => adapter } });

  it("tries WebGPU first", () => {
    expect(offers("auto").map(({ name }) => name)).toEqual(["webgpu", "wasm"]);
    expect(offers("wasm").map(({ name }) => name)).toEqual(["wasm"]);
  });

  it("downloads nothing for WebGPU where there is none", async () => {
    vi.stubGlobal("navigator", {});
    await expect(offers("auto")[0]!.start(read)).rejects.toThrow("no WebGPU");
    withGpu(null);
    await expect(offers("auto")[0]!.start(read)).rejects.toThrow("no WebGPU");
  });

  it("leaves WebGPU in software alone, unless it is asked for", async () => {
    withGpu({ info: { isFallbackAdapter: true } });
    await expect(offers("auto")[0]!.start(read)).rejects.toThrow("in software only");
    await expect(offers("webgpu")[0]!.start(read)).rejects.toThrow("would download");
  });

  it("takes a graphics card", async () => {
    withGpu({ info: { isFallbackAdapter: false } });
    await expect(offers("auto")[0]!.start(read)).rejects.toThrow("would download");
  });
});
