import { expect, it } from "vitest";
import { Latest } from "../../src/latest";

/** A job that is finished by hand. */
function job(log: string[], name: string) {
  let finish!: () => void;
  const end = new Promise<void>((resolve) => (finish = resolve));
  const run = async () => {
    log.push(`${name} begins`);
    await end;
    log.push(`${name} ends`);
    return name;
  };
  return { run, finish };
}

it("runs one job at a time, and of those that wait only the newest", async () => {
  const log: string[] = [];
  const latest = new Latest();
  const [a, b, c] = [job(log, "a"), job(log, "b"), job(log, "c")];
  const results = [a, b, c].map(({ run }) => latest.submit(run));
  expect(await results[1]).toBeUndefined(); // as soon as c came
  a.finish();
  expect(await results[0]).toBe("a");
  c.finish();
  expect(await results[2]).toBe("c");
  expect(log).toEqual(["a begins", "a ends", "c begins", "c ends"]);
});

it("lets nothing slip in between two jobs", async () => {
  const log: string[] = [];
  const latest = new Latest();
  const [a, b, c] = [job(log, "a"), job(log, "b"), job(log, "c")];
  const first = latest.submit(a.run);
  const second = latest.submit(b.run);
  a.finish();
  const third = first.then(() => latest.submit(c.run));
  c.finish();
  b.finish();
  await Promise.all([first, second, third]);
  expect(log).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
});

it("goes on after a job that failed", async () => {
  const latest = new Latest();
  await expect(latest.submit(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await latest.submit(async () => 1)).toBe(1);
});
