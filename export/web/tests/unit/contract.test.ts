import { describe, expect, it } from "vitest";
import { readContract } from "../../src/contract";
import { emptyModel, metadata, styleEncoderFile, stylizerFile } from "./models";

describe("readContract", () => {
  it("reads the shipped files, which are of one checkpoint", () => {
    const stylizer = readContract(stylizerFile(), "stylizer", "stylizer.onnx");
    expect(stylizer.styleSize).toBeGreaterThan(0);
    expect(stylizer.checkpoint).toMatch(/^[0-9a-f]{64}$/);
    expect(readContract(styleEncoderFile(), "style_encoder", "style_encoder.onnx")).toEqual(stylizer);
  });

  it("reads the metadata wherever it stands", () => {
    expect(readContract(emptyModel(metadata), "stylizer", "a.onnx")).toEqual({ styleSize: 4, checkpoint: "abc" });
  });

  it.each([
    ["a web page", new TextEncoder().encode("<!doctype html><title>Not found</title>"), /a\.onnx is not an ONNX model/],
    ["an empty file", new Uint8Array(), /is not an ONNX model/],
    ["zeros", new Uint8Array(1000), /is not an ONNX model/],
    ["a cut file", stylizerFile().slice(0, 100_000), /is cut short/],
    ["a foreign model", emptyModel({ author: "me" }), /not one of adain's/],
    ["another contract", emptyModel({ ...metadata, "adain.contract": "3" }), /contract version 3.*knows 1 and 2/],
    ["the other graph", emptyModel({ ...metadata, "adain.graph": "style_encoder" }), /"style_encoder".*"stylizer" was/],
    ["the other kind", emptyModel({ ...metadata, "adain.io": "portable" }), /"portable", "bytes" was expected/],
    ["no size", emptyModel({ ...metadata, "adain.style_size": "many" }), /incomplete adain metadata/],
    ["no checkpoint", emptyModel({ ...metadata, "adain.checkpoint_sha256": "" }), /incomplete adain metadata/],
  ])("refuses %s", (_, file, message) => {
    expect(() => readContract(file, "stylizer", "a.onnx")).toThrow(message);
  });
});
