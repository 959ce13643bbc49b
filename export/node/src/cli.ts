#!/usr/bin/env node
/** The program `adain`: a content, a style and an output. Bad input: one line on stderr, exit code 2. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { reason } from "./errors.js";
import {
  AdaINError,
  bankCode,
  blend,
  loadCode,
  modelsFolder,
  readPicture,
  Stylizer,
  styleEncoderFile,
  stylesFolder,
  writePicture,
} from "./index.js";
import { checkSuffix } from "./picture.js";

const USAGE = `usage: adain CONTENT -s STYLE -o OUT [options]

CONTENT is a JPEG or PNG picture, OUT a file that ends in .jpg, .jpeg or .png. STYLE is a picture, a style code (.npy
or .f32), or the name of a style of the bank.

  -s, --style STYLE   the style
  -o, --out OUT       where the result goes; it has the size of CONTENT
  -a, --alpha ALPHA   strength of the style, from 0 (the content) to 1 (the full style, the default)
  --style2 STYLE      a second style, to blend with the first
  --blend W           share of the second style, from 0 to 1
  --style-size N      shrink style pictures to this shorter side, in pixels (512, less of very long ones)
  --threads N         of onnxruntime; as many as the process may use if not given
  --model MODEL       fast (the small network), large, or a folder of stylizer.onnx and style_encoder.onnx
  -h, --help          show this text

Without --model, it is ADAIN_MODELS in the environment, or else large. fast and large are in the nearest weights at or
above the program; the bank is the folder styles beside that of the model.`;

async function main(args: string[]): Promise<void> {
  const { values, positionals } = parse(args);
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const [content] = positionals;
  const { style, out, style2 } = values;
  if (content === undefined || positionals.length > 1 || style === undefined || out === undefined) {
    throw new AdaINError("one CONTENT, -s STYLE and -o OUT are needed; `adain --help` tells the rest");
  }
  if ((style2 === undefined) !== (values.blend === undefined)) {
    throw new AdaINError("--style2 and --blend go together; give both, or neither");
  }
  const alpha = share(values.alpha, "--alpha");
  const second = share(values.blend ?? "0", "--blend");
  const size = values["style-size"] === undefined ? undefined : whole(values["style-size"], "--style-size");
  const options = values.threads === undefined ? {} : { intraOpNumThreads: whole(values.threads, "--threads") };
  checkSuffix(out);

  const picture = await readPicture(content, tell);
  const models = modelsFolder(values.model);
  const stylizer = await Stylizer.load(join(models, "stylizer.onnx"), styleEncoderFile(models), options);
  const find = (style: string) => findCode(style, stylizer, size, stylesFolder(models));
  let code = await find(style);
  if (style2 !== undefined) code = blend([code, await find(style2)], [1 - second, second]);
  await writePicture(await stylizer.stylize(picture, code, alpha), out);
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        style: { type: "string", short: "s" },
        out: { type: "string", short: "o" },
        alpha: { type: "string", short: "a", default: "1" },
        style2: { type: "string" },
        blend: { type: "string" },
        "style-size": { type: "string" },
        threads: { type: "string" },
        model: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new AdaINError(reason(error), { cause: error });
  }
}

function share(text: string, option: string): number {
  const value = text.trim() === "" ? NaN : Number(text);
  if (!(value >= 0 && value <= 1)) throw new AdaINError(`${option} is ${text}; give a number from 0 to 1`);
  return value;
}

function whole(text: string, option: string): number {
  if (!/^\d{1,9}$/.test(text.trim()) || Number(text) < 1) {
    throw new AdaINError(`${option} is ${text}; give a whole number of 1 or more`);
  }
  return Number(text);
}

/** The code of what the user calls a style: a file of a code, a picture, or a name of the bank. */
async function findCode(style: string, stylizer: Stylizer, size: number | undefined, bank: string): Promise<Float32Array> {
  if (/\.(npy|f32)$/i.test(style)) return loadCode(style);
  if (statSync(style, { throwIfNoEntry: false })?.isFile()) {
    return stylizer.encodeStyle(await readPicture(style, tell), size);
  }
  return bankCode(style, bank, stylizer.checkpoint);
}

function tell(line: string): void {
  console.error(`adain: ${line}`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof AdaINError)) throw error;
  console.error(`adain: ${error.message.replaceAll(/\s*\n\s*/g, " ")}`);
  process.exitCode = 2;
}
