/** What has to be undone at the end of a test, whether it passed or not, in reverse order. */
export class Cleanup {
  #steps: (() => unknown)[] = [];

  /** Remembers a step. */
  defer(step: () => unknown): void {
    this.#steps.push(step);
  }

  /**
   * Runs all steps, each even when another failed.
   *
   * @throws the first failure
   */
  async run(): Promise<void> {
    const failures: unknown[] = [];
    for (const step of this.#steps.splice(0).reverse()) {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
