import { beforeEach, describe, expect, it, vi } from "vitest";
import type { ModelInfo, Reply, Request, Wanted } from "../../src/messages";
import { Painter, Stopped } from "../../src/painter";

class FakeWorker {
  onmessage!: (event: { data: Reply }) => void;
  onerror!: (event: { message: string; preventDefault(): void }) => void;
  asked: Request[] = [];
  ended = false;
  postMessage(request: Request): void {
    this.asked.push(request);
  }
  terminate(): void {
    this.ended = true;
  }
  says(data: Reply): void {
    this.onmessage({ data });
  }
}

const model: ModelInfo = { engine: "wasm", threads: 1, styleSize: 4, checkpoint: "abc", passed: [] };
const wanted: Wanted = {
  model: { stylizer: "stylizer.onnx", styleEncoder: "style_encoder.onnx" },
  engine: "auto",
  threads: 2,
  runtime: "ort/",
  sizes: {},
  keep: false,
};
const picture = { width: 16, height: 16, data: new Uint8Array(16 * 16 * 3) };
const code = new Float32Array(4);

describe("Painter", () => {
  let workers: FakeWorker[];
  let painter: Painter;
  const events = { progress: vi.fn(), ready: vi.fn(), failed: vi.fn() };

  beforeEach(() => {
    vi.clearAllMocks();
    workers = [];
    const spawn = () => {
      const worker = new FakeWorker();
      workers.push(worker);
      return worker as unknown as Worker;
    };
    painter = new Painter(spawn, wanted, events);
    painter.start();
  });

  it("loads at once and tells how far it is", async () => {
    expect(workers[0]!.asked).toEqual([{ kind: "load", wanted }]);
    workers[0]!.says({ kind: "progress", loaded: 1, total: 3 });
    expect(events.progress).toHaveBeenCalledWith(1, 3);
    workers[0]!.says({ kind: "ready", model });
    expect(events.ready).toHaveBeenCalledWith(model);
    await painter.ready;
    expect(painter.loadTime).toBeLessThan(1000);
  });

  it("gives each answer to the one who asked", async () => {
    const painted = painter.stylize(picture, code, 1);
    const encoded = painter.encodeStyle(picture);
    workers[0]!.says({ kind: "done", id: 1, result: code });
    workers[0]!.says({ kind: "done", id: 0, result: [picture] });
    expect(await painted).toBe(picture);
    expect(await encoded).toBe(code);
  });

  it("passes errors on and keeps the worker", async () => {
    const painted = painter.stylize(picture, code, 1);
    workers[0]!.says({ kind: "failed", id: 0, message: "alpha is 2", broken: false });
    await expect(painted).rejects.toThrow("alpha is 2");
    expect(workers).toHaveLength(1);
  });

  it("starts anew after the worker has run out of memory", async () => {
    const painted = painter.stylize(picture, code, 1);
    const next = painter.stylize(picture, code, 1);
    workers[0]!.says({ kind: "failed", id: 0, message: "std::bad_alloc", broken: true });
    await expect(painted).rejects.toThrow(/could not be painted \(std::bad_alloc\); choose a smaller size/);
    await expect(next).rejects.toThrow(Stopped);
    expect(workers[0]!.ended).toBe(true);
    expect(workers[1]!.asked[0]!.kind).toBe("load");
  });

  it("stops what runs when it is told to", async () => {
    const painted = painter.stylize(picture, code, 1);
    const ready = painter.ready;
    painter.restart();
    await expect(painted).rejects.toThrow(Stopped);
    await expect(ready).rejects.toThrow(Stopped);
    workers[1]!.says({ kind: "ready", model });
    await painter.ready;
  });

  it("gives the model up, and loads it again when it is wanted", async () => {
    workers[0]!.says({ kind: "ready", model });
    expect(painter.model).toBe(model);
    const painted = painter.stylize(picture, code, 1);
    expect(painter.busy).toBe(true);
    painter.end();
    await expect(painted).rejects.toThrow(Stopped);
    expect([workers[0]!.ended, painter.model, painter.busy]).toEqual([true, undefined, false]);
    painter.restart();
    expect(workers).toHaveLength(1);
    painter.start();
    painter.start();
    expect(workers).toHaveLength(2);
  });

  it("tells when the model cannot be loaded, once for the page and to all who wait", async () => {
    const painted = painter.stylize(picture, code, 1);
    workers[0]!.says({ kind: "failed", id: undefined, message: "stylizer.onnx could not be loaded", broken: false });
    expect(events.failed).toHaveBeenCalledWith("stylizer.onnx could not be loaded");
    await expect(painted).rejects.toThrow("could not be loaded");
    await expect(painter.ready).rejects.toThrow("could not be loaded");
  });

  it("tells when the worker itself dies", async () => {
    const painted = painter.stylize(picture, code, 1);
    workers[0]!.onerror({ message: "", preventDefault: () => undefined });
    await expect(painted).rejects.toThrow(/worker stopped/);
    expect(events.failed).toHaveBeenCalledOnce();
  });
});
