/** One step of stopping. Steps run in the order given, each after the one before has ended. */
export interface ShutdownStep {
  name: string;
  run: () => Promise<unknown> | unknown;
}

/** Options of {@link installShutdown}. */
export interface ShutdownOptions {
  /** In the order they must run: stop taking work, finish work, close connections. */
  steps: readonly ShutdownStep[];
  /** All steps together; past it the process exits with code 1, saying which step hung. */
  deadlineMs: number;
  log: (message: string, fields: Record<string, unknown>) => void;
  /** Ends the process; `process.exit` unless a test says otherwise. */
  exit?: (code: number) => void;
}

/**
 * Stops the process in order on SIGTERM and SIGINT. A step that fails is logged and the next one still
 * runs: a pool that will not close must not keep accepted records from being flushed.
 *
 * @returns the same stop, to call from code
 */
export function installShutdown({
  steps,
  deadlineMs,
  log,
  exit = process.exit,
}: ShutdownOptions): (reason: string) => Promise<void> {
  let stopping: Promise<void> | undefined;
  const stop = (reason: string) => {
    stopping ??= run(reason);
    return stopping;
  };
  async function run(reason: string) {
    let current = '';
    let code = 0;
    const deadline = setTimeout(() => {
      log('shutdown took too long', { step: current, deadlineMs });
      exit(1);
    }, deadlineMs);
    log('stopping', { reason });
    for (const step of steps) {
      current = step.name;
      try {
        await step.run();
      } catch (error) {
        code = 1;
        log('shutdown step failed', { step: step.name, err: error });
      }
    }
    clearTimeout(deadline);
    log('stopped', { reason });
    exit(code);
  }
  process.once('SIGTERM', () => void stop('SIGTERM'));
  process.once('SIGINT', () => void stop('SIGINT'));
  return stop;
}
