import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import { test } from "node:test";
import { usableThreads } from "../src/threads.js";

test("threads are those that the process may use", (t) => {
  const before = process.env["OMP_NUM_THREADS"];
  t.after(() => (before === undefined ? delete process.env["OMP_NUM_THREADS"] : (process.env["OMP_NUM_THREADS"] = before)));
  process.env["OMP_NUM_THREADS"] = "1";
  assert.equal(usableThreads(), 1);
  for (const text of ["100000", "", "none"]) {
    process.env["OMP_NUM_THREADS"] = text;
    const threads = usableThreads();
    assert.ok(threads >= 1 && threads <= availableParallelism());
  }
});
