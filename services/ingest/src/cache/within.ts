/**
 * The promise, or a rejection once the time is up.
 *
 * After a stall of this process timers come before the sockets are read; so when the time is up, an answer
 * that arrived meanwhile still gets its turn. A timer alone would turn each stall into an outage.
 */
export function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const giveUp = () => setImmediate(() => reject(new Error(`no answer within ${ms} ms`)));
    timer = setTimeout(giveUp, ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
