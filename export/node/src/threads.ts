/** How many threads this process may use. */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/** By affinity, the quota of the control group, and OMP_NUM_THREADS; 1 or more. */
export function usableThreads(): number {
  const limits = [availableParallelism(), quota(), Number(process.env["OMP_NUM_THREADS"])];
  return Math.max(1, Math.floor(Math.min(...limits.filter((limit) => limit > 0))));
}

/** The processors that the control group may use, where it has a limit: of version 2, or of version 1. */
function quota(): number {
  const read = (file: string) => {
    try {
      return readFileSync(`/sys/fs/cgroup/${file}`, "utf8").trim();
    } catch {
      return ""; // another system, or the other version
    }
  };
  const [time, period] = read("cpu.max").split(" ").map(Number); // "max 100000" without a limit: NaN
  return time! / period! || Number(read("cpu/cpu.cfs_quota_us")) / Number(read("cpu/cpu.cfs_period_us"));
}
