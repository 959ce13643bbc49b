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
  stylesFolder,
  writePicture,
} from "./index.js";
import { checkSuffix } from "./picture.js";

const USAGE = `Usage: adain CONTENT -s STYLE -o OUT [-a ALPHA] [--style2 STYLE --blend W]

  CONTENT      picture to restyle
  -s, --style  picture, style code (.npy or .f32), or name of a style of the bank, such as great-wave
  -o, --out    picture to write, .png or .jpg
  -a, --alpha  from 0, the content, to 1, the full style (default 1)
  --style2     a second style, for a blend
  --blend      share of the second style, from 0 to 1
  -h, --help   show this text

ADAIN_MODELS names the folder of stylizer.onnx and style_encoder.onnx; the bank is ../styles from there.`;

/** The painting is shrunk to this before it is encoded, as the codes of the bank were. */
const STYLE_SIDE = 512;

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
  checkSuffix(out);

  const picture = await readPicture(content);
  const models = modelsFolder();
  const stylizer = await Stylizer.load(join(models, "stylizer.onnx"), join(models, "style_encoder.onnx"));
  let code = await findCode(style, stylizer);
  if (style2 !== undefined) code = blend([code, await findCode(style2, stylizer)], [1 - second, second]);
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

/** The code of what the user calls a style: a file of a code, a picture, or a name of the bank. */
async function findCode(style: string, stylizer: Stylizer): Promise<Float32Array> {
  if (/\.(npy|f32)$/i.test(style)) return loadCode(style);
  if (statSync(style, { throwIfNoEntry: false })?.isFile())
    return stylizer.encodeStyle(await readPicture(style, STYLE_SIDE));
  return bankCode(style, stylesFolder(), stylizer.checkpoint);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof AdaINError)) throw error;
  console.error(`adain: ${error.message.replaceAll(/\s*\n\s*/g, " ")}`);
  process.exitCode = 2;
}
