import { PbfReader } from "pbf";
import { AdainError, firstLine } from "./errors";

/** What one of our ONNX files says of itself (export/CONTRACT.md). */
export interface Contract {
  /** S, the length of a style code. */
  readonly styleSize: number;
  /** SHA-256 of the checkpoint that the file was exported from. */
  readonly checkpoint: string;
}

export type Graph = "stylizer" | "style_encoder";

const VERSIONS = ["1", "2"]; // what is used of them here is the same
const FIELD = { graph: 7, metadataProps: 14, key: 1, value: 2 }; // of ModelProto and StringStringEntryProto, onnx.proto

/**
 * Check that an ONNX file is the graph we want and of the contract we know.
 *
 * onnxruntime-web has no call for `metadata_props`, so a protobuf library reads them from the file.
 *
 * @param file the whole file
 * @param name of the file, for messages
 * @throws AdainError no ONNX model, not one of ours, another contract, another graph, not the `bytes` kind
 */
export function readContract(file: Uint8Array, graph: Graph, name: string): Contract {
  const metadata = readMetadata(file, name);
  const get = (key: string) => metadata.get(`adain.${key}`);
  const version = get("contract");
  if (version === undefined) {
    throw new AdainError(`${name} is an ONNX file, but not one of adain's; give a file that "adain export" wrote`);
  }
  if (!VERSIONS.includes(version)) {
    throw new AdainError(`${name} follows contract version ${version}, this page knows ${VERSIONS.join(" and ")}; export it again`);
  }
  if (get("graph") !== graph) {
    throw new AdainError(`${name} holds the graph "${get("graph")}", "${graph}" was expected; give the other file`);
  }
  if (get("io") !== "bytes") {
    throw new AdainError(`${name} is of the kind "${get("io")}", "bytes" was expected; export it without --io`);
  }
  const styleSize = Number(get("style_size"));
  const checkpoint = get("checkpoint_sha256");
  if (!Number.isInteger(styleSize) || styleSize < 1 || !checkpoint) {
    throw new AdainError(`${name} has incomplete adain metadata; export it again`);
  }
  return { styleSize, checkpoint };
}

function readMetadata(file: Uint8Array, name: string): Map<string, string> {
  const metadata = new Map<string, string>();
  const reader = new PbfReader(file);
  let hasGraph = false;
  try {
    for (let field = reader.nextField(); field; field = reader.nextField()) {
      if (field === FIELD.graph) hasGraph = true;
      if (field === FIELD.metadataProps) metadata.set(...readEntry(reader));
    }
  } catch (error) {
    throw new AdainError(`${name} is not an ONNX model (${firstLine(error)}); check what the address gives`);
  }
  if (!hasGraph) throw new AdainError(`${name} is not an ONNX model; check what the address gives`);
  if (reader.pos !== file.length) throw new AdainError(`${name} is cut short; load it again`);
  return metadata;
}

function readEntry(reader: PbfReader): [key: string, value: string] {
  const end = reader.readVarint() + reader.pos;
  let key = "";
  let value = "";
  for (let field = reader.nextField(end); field; field = reader.nextField(end)) {
    if (field === FIELD.key) key = reader.readString();
    if (field === FIELD.value) value = reader.readString();
  }
  return [key, value];
}
