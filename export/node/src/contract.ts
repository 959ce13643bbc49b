/**
 * What an ONNX file says of itself: `metadata_props`, as CONTRACT.md lists them.
 *
 * onnxruntime-node has no call for them, so protobufjs reads them from the bytes of the file.
 */
import protobuf from "protobufjs";
import { AdaINError, reason } from "./errors.js";

/** The versions of the contract that this package can run; what it uses of them is the same. */
export const VERSIONS = ["1", "2"];

/** The least number of pixels of a side. */
export const MIN_SIDE = 16;

/** The shorter side, in pixels, to which paintings are shrunk unless another is asked for. */
export const PAINTING_SIZE = 512;

export type Graph = "stylizer" | "style_encoder";

export interface Contract {
  /** S, the length of a style code. */
  readonly styleSize: number;
  /** SHA-256 of the checkpoint that the file was exported from. */
  readonly checkpoint: string;
}

// The part of the ONNX schema that is read here. The decoder passes over all other fields, the weights among them.
const schema = protobuf.parse(`
  syntax = "proto3";
  package onnx;
  message StringStringEntryProto { string key = 1; string value = 2; }
  message ModelProto { repeated StringStringEntryProto metadata_props = 14; }
`);

/** onnx.ModelProto, as far as it is read here. */
export const ModelProto = schema.root.lookupType("onnx.ModelProto");

interface Model {
  metadataProps: { key: string; value: string }[];
}

/**
 * Read the contract from the bytes of an ONNX file.
 *
 * @param file its name, for messages.
 * @param graph what the file must be.
 * @throws AdaINError no ONNX model, not one of adain's, another contract version, another graph, or not `bytes`.
 */
export function readContract(bytes: Uint8Array, file: string, graph: Graph): Contract {
  const metadata = readMetadata(bytes, file);
  const version = metadata.get("adain.contract");
  if (version === undefined) {
    throw new AdaINError(
      `${file} is not an ONNX model of adain: it has no adain.contract entry; give a file that \`adain export\` wrote`,
    );
  }
  if (!VERSIONS.includes(version)) {
    throw new AdaINError(
      `${file} follows contract version ${version}, this package knows ${VERSIONS.join(" and ")}; ` +
        "use the package that fits the file, or export it again",
    );
  }
  const found = metadata.get("adain.graph");
  if (found !== graph) {
    throw new AdaINError(`${file} is a ${found}, a ${graph} was expected; give ${graph}.onnx of \`adain export\``);
  }
  const io = metadata.get("adain.io");
  if (io !== "bytes") {
    throw new AdaINError(`${file} takes ${io} pixels, bytes were expected; export it with \`adain export --io bytes\``);
  }
  const styleSize = Number(metadata.get("adain.style_size"));
  const checkpoint = metadata.get("adain.checkpoint_sha256");
  if (!Number.isSafeInteger(styleSize) || styleSize < 1 || !checkpoint) {
    throw new AdaINError(
      `${file} has incomplete metadata (adain.style_size or adain.checkpoint_sha256); export it again`,
    );
  }
  return { styleSize, checkpoint };
}

function readMetadata(bytes: Uint8Array, file: string): Map<string, string> {
  try {
    const { metadataProps } = ModelProto.decode(bytes) as unknown as Model;
    return new Map(metadataProps.map(({ key, value }) => [key, value]));
  } catch (error) {
    throw new AdaINError(`${file} is not an ONNX model (${reason(error)}); give a file that \`adain export\` wrote`, {
      cause: error,
    });
  }
}
