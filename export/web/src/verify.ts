import type { Session, Values } from "./engine";
import { AdainError } from "./errors";

/** The largest mean difference: a step of 255 for pixels, and a part of the mean for style codes. */
const LIMIT = { pixels: 1, code: 0.01 };

/**
 * Run a model on two engines and compare: some graphics drivers compute nonsense without an error.
 *
 * @param session of the engine in question
 * @param reference the same model on the engine that is trusted; it is released
 * @throws AdainError the answers differ
 */
export async function verify(session: Session, reference: Session, inputs: Values): Promise<void> {
  const expected = Object.values(await reference.run(inputs))[0]!.data;
  await reference.release();
  const got = Object.values(await session.run(inputs))[0]!.data;
  const difference = mean(got.length, (i) => Math.abs(got[i]! - expected[i]!));
  const limit = got instanceof Uint8Array ? LIMIT.pixels : LIMIT.code * mean(got.length, (i) => Math.abs(expected[i]!));
  if (got.length !== expected.length || !(difference <= limit)) {
    throw new AdainError(`its answer is off by ${difference.toPrecision(2)} on average`);
  }
}

function mean(length: number, value: (index: number) => number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += value(i);
  return sum / length;
}
