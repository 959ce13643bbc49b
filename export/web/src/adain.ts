/**
 * Arbitrary style transfer (AdaIN) in the browser: the `bytes` ONNX files of `adain export` on onnxruntime-web.
 *
 *     const adain = await load({ stylizer: "stylizer.onnx", styleEncoder: "style_encoder.onnx" });
 *     const code = await adain.encodeStyle(painting);
 *     const picture = await adain.stylize(photo, code, 0.8);
 *
 * Pictures are {width, height, data: uint8 [height, width, 3]}; `fromCanvas` and `toCanvas` convert ImageData.
 */
import { offers } from "./builds";
import { checkCode } from "./code";
import { readContract, type Contract, type Graph } from "./contract";
import { download } from "./download";
import type { Engine, EngineName, EngineOffer, Read, Session, Values } from "./engine";
import { AdainError, firstLine } from "./errors";
import { checkPicture, MIN_SIDE, type Picture } from "./picture";
import { PAINTING_SIZE, shrink } from "./shrink";
import { verify } from "./verify";

export { blend, readCode, readF32, readNpy } from "./code";
export { AdainError } from "./errors";
export { fromCanvas, MIN_SIDE, toCanvas, type Picture } from "./picture";
export { PAINTING_SIZE, shrink } from "./shrink";
export type { EngineName } from "./engine";

/** An ONNX file: its address, or its bytes. */
export type Source = string | Uint8Array;

export interface Options {
  /** Engines to try in turn; WebGPU, then WebAssembly, unless told. */
  readonly engines?: readonly EngineOffer[];
  /** Fetches models and WebAssembly files, for a cache or a progress bar. */
  readonly read?: Read;
}

/**
 * Load a model.
 *
 * @param files stylizer.onnx, and style_encoder.onnx where own paintings are wanted
 * @throws AdainError a file is missing, no ONNX model, or not as the contract wants it; the two files are of
 *   different checkpoints; no engine runs here
 */
export async function load(
  files: { readonly stylizer: Source; readonly styleEncoder?: Source },
  { engines = offers(), read = download }: Options = {},
): Promise<Adain> {
  const stylizer = openFile(files.stylizer, "stylizer", read);
  stylizer.catch(() => undefined); // told below, when an engine has been started beside it
  const passed: string[] = [];
  for (const offer of engines) {
    try {
      const [engine, { contract, bytes, name }] = await Promise.all([offer.start(read), stylizer]);
      const session = await openSession(engine, bytes, name, probe("stylizer", contract));
      const adain = new Adain(engine, contract, session, read, passed);
      if (files.styleEncoder) await adain.loadStyleEncoder(files.styleEncoder);
      return adain;
    } catch (error) {
      await stylizer; // a bad file is bad for every engine
      if (offer === engines.at(-1)) throw error;
      passed.push(`${offer.name}: ${firstLine(error)}`);
    }
  }
  throw new AdainError("no engine was given to load");
}

/** A loaded model. `load` makes it. */
export class Adain {
  readonly engine: EngineName;
  /** Of the CPU. */
  readonly threads: number;
  /** S, the length of a style code. */
  readonly styleSize: number;
  /** SHA-256 of the checkpoint; style codes belong to it. */
  readonly checkpoint: string;

  #engine: Engine;
  #stylizer: Session;
  #styleEncoder: Session | undefined;
  #read: Read;

  /** @param passed the engines that did not run here, each with the reason */
  constructor(
    engine: Engine,
    contract: Contract,
    stylizer: Session,
    read: Read,
    readonly passed: readonly string[],
  ) {
    this.engine = engine.name;
    this.threads = engine.threads;
    this.styleSize = contract.styleSize;
    this.checkpoint = contract.checkpoint;
    this.#engine = engine;
    this.#stylizer = stylizer;
    this.#read = read;
  }

  /**
   * Add the style encoder, where `load` was not given it.
   *
   * @throws AdainError as `load` does
   */
  async loadStyleEncoder(source: Source): Promise<void> {
    const { bytes, contract, name } = await openFile(source, "style_encoder", this.#read);
    if (contract.checkpoint !== this.checkpoint || contract.styleSize !== this.styleSize) {
      throw new AdainError(
        `${name} is of checkpoint ${contract.checkpoint.slice(0, 12)}, the stylizer of ` +
          `${this.checkpoint.slice(0, 12)}; give two files of one export`,
      );
    }
    this.#styleEncoder = await openSession(this.#engine, bytes, name, probe("style_encoder", contract));
  }

  /**
   * Encode a painting.
   *
   * @param painting each side at least MIN_SIDE
   * @param size it is shrunk so that its shorter side has at most so many pixels; less gives finer strokes, more takes
   *   memory by its square
   * @returns float32 [S]
   * @throws AdainError no style encoder was loaded, the picture is too small, or the size is below MIN_SIDE
   */
  async encodeStyle(painting: Picture, size = PAINTING_SIZE): Promise<Float32Array> {
    if (!this.#styleEncoder) throw new AdainError("no style encoder was loaded; give load the file style_encoder.onnx");
    const { style } = await this.#styleEncoder.run({ image: pixels([shrink(painting, size)]) });
    return style!.data as Float32Array;
  }

  /**
   * Paint one picture.
   *
   * @param code float32 [S], finite
   * @param alpha from 0, the content, to 1, the full style
   * @returns a picture of the content's size
   * @throws AdainError a side below MIN_SIDE, a code of another model, alpha out of its range
   */
  async stylize(content: Picture, code: Float32Array, alpha = 1): Promise<Picture> {
    const [picture] = await this.stylizeBatch([content], [code], alpha);
    return picture!;
  }

  /**
   * Paint pictures of one size together.
   *
   * @param codes one for each content, or one that serves all
   * @throws AdainError as `stylize` does; contents of different sizes; another number of codes
   */
  async stylizeBatch(contents: readonly Picture[], codes: readonly Float32Array[], alpha = 1): Promise<Picture[]> {
    const [first] = contents;
    if (!first) throw new AdainError("no content came; give one picture or more");
    contents.forEach((content) => checkPicture(content, "the content"));
    const other = contents.find(({ width, height }) => width !== first.width || height !== first.height);
    if (other) {
      throw new AdainError(
        `a batch holds pictures of ${first.width} × ${first.height} and ${other.width} × ${other.height}; ` +
          "give pictures of one size, or one at a time",
      );
    }
    if (codes.length !== 1 && codes.length !== contents.length) {
      throw new AdainError(`${codes.length} codes came for ${contents.length} contents; give one, or one for each`);
    }
    codes.forEach((code) => checkCode(code, this.styleSize, "the style code"));
    if (!(alpha >= 0 && alpha <= 1)) throw new AdainError(`alpha is ${alpha}; give a number from 0 to 1`);
    const { stylized } = await this.#stylizer.run(stylizerInputs(contents, codes, alpha));
    const { width, height } = first;
    const size = width * height * 3;
    const all = stylized!.data as Uint8Array;
    return contents.map((_, i) => ({ width, height, data: all.slice(i * size, (i + 1) * size) }));
  }
}

interface ModelFile {
  readonly bytes: Uint8Array;
  readonly contract: Contract;
  readonly name: string;
}

async function openFile(source: Source, graph: Graph, read: Read): Promise<ModelFile> {
  const name = typeof source === "string" ? source.split(/[?#]/)[0]!.split("/").at(-1)! : `${graph}.onnx`;
  const bytes = typeof source === "string" ? await read(source) : source;
  return { bytes, contract: readContract(bytes, graph, name), name };
}

async function openSession(engine: Engine, bytes: Uint8Array, name: string, inputs: Values): Promise<Session> {
  try {
    const session = await engine.open(bytes);
    if (engine.reference) await verify(session, await engine.reference.open(bytes), inputs);
    return session;
  } catch (error) {
    throw new AdainError(`${name} does not run on ${engine.name} (${firstLine(error)})`);
  }
}

/** Something small that every part of the graph answers to. */
function probe(graph: Graph, { styleSize }: Contract): Values {
  const data = Uint8Array.from({ length: MIN_SIDE * MIN_SIDE * 3 }, (_, i) => 128 + 120 * Math.sin(i * i));
  const picture = { width: MIN_SIDE, height: MIN_SIDE, data };
  if (graph === "style_encoder") return { image: pixels([picture]) };
  return stylizerInputs([picture], [Float32Array.from({ length: styleSize }, (_, i) => 1 + Math.sin(i))], 1);
}

function stylizerInputs(contents: readonly Picture[], codes: readonly Float32Array[], alpha: number): Values {
  return {
    content: pixels(contents),
    style: { data: joined(Float32Array, codes), dims: [codes.length, codes[0]!.length] },
    alpha: { data: Float32Array.of(alpha), dims: [1] },
  };
}

function pixels(pictures: readonly Picture[]): Values[string] {
  const { width, height } = pictures[0]!;
  return { data: joined(Uint8Array, pictures.map(({ data }) => data)), dims: [pictures.length, height, width, 3] };
}

function joined<T extends Uint8Array | Float32Array>(kind: new (length: number) => T, parts: readonly T[]): T {
  if (parts.length === 1) return parts[0]!;
  const size = parts[0]!.length;
  const whole = new kind(size * parts.length);
  parts.forEach((part, i) => whole.set(part, i * size));
  return whole;
}
