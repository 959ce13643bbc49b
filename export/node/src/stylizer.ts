/**
 * Stylizer: the two ONNX models, run by onnxruntime.
 *
 *     style picture -> encodeStyle -> code
 *     content, code, alpha -> stylize -> picture
 */
import { readFile } from "node:fs/promises";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { checkFinite } from "./code.js";
import { type Contract, type Graph, readContract } from "./contract.js";
import { AdaINError, reason } from "./errors.js";
import { checkPicture, paintingSize, type Picture, shrink } from "./picture.js";
import { usableThreads } from "./threads.js";

interface Model {
  readonly contract: Contract;
  readonly session: InferenceSession;
}

/** Restyles pictures. onnxruntime-node blocks the thread while a model runs: a server calls it in a worker. */
export class Stylizer {
  readonly #stylizer: Model;
  readonly #encoder: Model | undefined;

  private constructor(stylizer: Model, encoder: Model | undefined) {
    this.#stylizer = stylizer;
    this.#encoder = encoder;
  }

  /**
   * Load the models.
   *
   * @param stylizer path of stylizer.onnx, with `bytes` pixels.
   * @param styleEncoder path of style_encoder.onnx of the same checkpoint; without it `encodeStyle` is not available.
   * @param options of onnxruntime: execution providers, threads (otherwise as many as the process may use).
   * @throws AdaINError a file that is missing, no ONNX model, or not what CONTRACT.md says; files of two checkpoints.
   */
  static async load(
    stylizer: string,
    styleEncoder?: string,
    options: InferenceSession.SessionOptions = {},
  ): Promise<Stylizer> {
    const model = await loadModel(stylizer, "stylizer", options);
    if (styleEncoder === undefined) return new Stylizer(model, undefined);
    const encoder = await loadModel(styleEncoder, "style_encoder", options);
    if (model.contract.checkpoint !== encoder.contract.checkpoint) {
      throw new AdaINError(
        `${stylizer} and ${styleEncoder} are of different checkpoints ` +
          `(${model.contract.checkpoint}, ${encoder.contract.checkpoint}); export both from one`,
      );
    }
    return new Stylizer(model, encoder);
  }

  /** S, the length of a style code. */
  get styleSize(): number {
    return this.#stylizer.contract.styleSize;
  }

  /** SHA-256 of the checkpoint. Codes of another checkpoint mean nothing to this one. */
  get checkpoint(): string {
    return this.#stylizer.contract.checkpoint;
  }

  /**
   * Encode a picture as a style.
   *
   * @param painting sides of 16 or more.
   * @param size the painting is shrunk so that its shorter side has at most so many pixels; see `paintingSize`. It
   *   changes texture and contrast, and takes memory by its square.
   * @returns the code, float32 [S].
   * @throws AdaINError no style encoder was loaded, the picture is too small or malformed, or the size below 16.
   */
  async encodeStyle(painting: Picture, size = paintingSize(painting)): Promise<Float32Array> {
    if (this.#encoder === undefined) {
      throw new AdaINError("no style encoder was loaded; give the path of style_encoder.onnx to Stylizer.load");
    }
    const image = pixels([await shrink(painting, size)]);
    return Float32Array.from((await run(this.#encoder, { image })) as Float32Array);
  }

  /**
   * Give a picture a style.
   *
   * @param content sides of 16 or more.
   * @param code float32 [S], of `encodeStyle`, `loadCode`, `bankCode` or `blend`.
   * @param alpha from 0 (the content) to 1 (the full style).
   * @returns a picture of the size of the content.
   * @throws AdaINError see `stylizeBatch`.
   */
  async stylize(content: Picture, code: Float32Array, alpha = 1): Promise<Picture> {
    const [picture] = await this.stylizeBatch([content], [code], alpha);
    return picture!;
  }

  /**
   * Give pictures of one size a style, or each its own, in one run.
   *
   * @param contents one or more, all of one size, sides of 16 or more.
   * @param codes float32 [S]: one for each content, or one that serves all.
   * @param alpha from 0 (the contents) to 1 (the full style).
   * @returns a picture for each content, of the same size.
   * @throws AdaINError pictures too small, malformed or of different sizes; codes of another number or length, or not
   *   finite; alpha outside 0 to 1; or onnxruntime failed, for instance for lack of memory.
   */
  async stylizeBatch(contents: readonly Picture[], codes: readonly Float32Array[], alpha = 1): Promise<Picture[]> {
    const [first] = contents;
    if (first === undefined) throw new AdaINError("no content came; give one picture or more");
    contents.forEach((content, i) => checkPicture(content, label("content", i, contents)));
    const { width, height } = first;
    if (contents.some((content) => content.width !== width || content.height !== height)) {
      const sizes = contents.map((content) => `${content.width} x ${content.height}`).join(", ");
      throw new AdaINError(`the contents are ${sizes} pixels, one size was expected; stylise them one by one`);
    }
    if (codes.length !== 1 && codes.length !== contents.length) {
      throw new AdaINError(
        `${codes.length} codes came for ${contents.length} contents; give one for each, or one for all`,
      );
    }
    codes.forEach((code, i) => this.#checkCode(code, label("style code", i, codes)));
    if (!(alpha >= 0 && alpha <= 1)) {
      throw new AdaINError(`alpha is ${alpha}; give a number from 0 (the content) to 1 (the full style)`);
    }
    const style = new Tensor("float32", Float32Array.from(codes.flatMap((code) => [...code])), [
      codes.length,
      this.styleSize,
    ]);
    const data = (await run(this.#stylizer, {
      content: pixels(contents),
      style,
      alpha: new Tensor("float32", [alpha], [1]),
    })) as Uint8Array;
    const size = width * height * 3;
    return contents.map((_, i) => ({ width, height, data: data.subarray(i * size, (i + 1) * size) }));
  }

  /** Give back the memory of the models. The stylizer cannot be used afterwards. */
  async release(): Promise<void> {
    await this.#stylizer.session.release();
    await this.#encoder?.session.release();
  }

  #checkCode(code: Float32Array, name: string): void {
    if (!(code instanceof Float32Array) || code.length !== this.styleSize) {
      const came = code instanceof Float32Array ? `${code.length} values` : "no Float32Array";
      throw new AdaINError(`${name} has ${came}, the model takes ${this.styleSize}; encode the style with this model`);
    }
    checkFinite(code, name);
  }
}

async function loadModel(file: string, graph: Graph, options: InferenceSession.SessionOptions): Promise<Model> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new AdaINError(`the ${graph} cannot be read (${reason(error)}); give a file that \`adain export\` wrote`, {
      cause: error,
    });
  });
  const contract = readContract(bytes, file, graph);
  try {
    return { contract, session: await InferenceSession.create(bytes, { intraOpNumThreads: usableThreads(), ...options }) };
  } catch (error) {
    throw new AdaINError(`onnxruntime cannot load ${file} (${reason(error)}); copy or export it again`, {
      cause: error,
    });
  }
}

/** Run a model and return the values of its only output. */
async function run({ session }: Model, inputs: InferenceSession.FeedsType): Promise<Tensor["data"]> {
  try {
    const outputs = await session.run(inputs);
    return outputs[session.outputNames[0]!]!.data;
  } catch (error) {
    throw new AdaINError(`onnxruntime failed (${reason(error)}); a smaller picture needs less memory`, {
      cause: error,
    });
  }
}

function label(kind: string, index: number, all: readonly unknown[]): string {
  return all.length === 1 ? `the ${kind}` : `${kind} ${index}`;
}

/** Pictures of one size as uint8 [N,H,W,3]. */
function pixels(pictures: readonly Picture[]): Tensor {
  const { width, height } = pictures[0]!;
  const data = Buffer.concat(pictures.map((picture) => picture.data));
  return new Tensor("uint8", data, [pictures.length, height, width, 3]);
}
