import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { PbfWriter } from "pbf";

const folder = resolve(import.meta.dirname, "../..", process.env["ADAIN_MODELS"] ?? "../../weights/onnx");

/** The shipped files. */
export const stylizerFile = () => new Uint8Array(readFileSync(resolve(folder, "stylizer.onnx")));
export const styleEncoderFile = () => new Uint8Array(readFileSync(resolve(folder, "style_encoder.onnx")));

/** An ONNX file without nodes, and with this metadata. */
export function emptyModel(metadata: Record<string, string>): Uint8Array {
  const model = new PbfWriter();
  model.writeVarintField(1, 8); // ir_version
  model.writeBytesField(7, new Uint8Array([0x12, 1, 0x67])); // graph, with a name
  for (const [key, value] of Object.entries(metadata)) {
    model.writeMessage(14, (entry: typeof metadata, writer) => {
      for (const [field, text] of Object.entries(entry)) writer.writeStringField(Number(field), text);
    }, { 1: key, 2: value });
  }
  return model.finish();
}

/** What our files say of themselves. */
export const metadata = {
  "adain.contract": "1",
  "adain.graph": "stylizer",
  "adain.io": "bytes",
  "adain.style_size": "4",
  "adain.checkpoint_sha256": "abc",
};
