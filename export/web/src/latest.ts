/** Runs one job at a time and lets one wait, the newest: so a slider may ask at every move. */
export class Latest {
  #busy = false;
  #waiting: ((mayStart: boolean) => void) | undefined;

  /** @returns what the job gives; undefined where a newer one came before it had begun */
  async submit<T>(job: () => Promise<T>): Promise<T | undefined> {
    this.#waiting?.(false);
    this.#waiting = undefined;
    if (this.#busy && !(await new Promise<boolean>((resolve) => (this.#waiting = resolve)))) return undefined;
    this.#busy = true;
    try {
      return await job();
    } finally {
      this.#next();
    }
  }

  #next(): void {
    const start = this.#waiting;
    this.#waiting = undefined;
    this.#busy = start !== undefined; // so that nothing slips in before the next one begins
    start?.(true);
  }
}
