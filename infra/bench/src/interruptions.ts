/** What a process that is always ready to run lost to others. */
export interface Interruptions {
  /** Of its time, 0 to 1. */
  share: number;
  /** The longest, in milliseconds. */
  longestMs: number;
}

/** A look at the clock takes well below a microsecond, so that longer than this something else has run. */
const NOTICED_MS = 0.5;

/**
 * Keeps one core busy for a while and sees when it was not. On an idle machine of one's own next to nothing is lost;
 * a virtual machine whose host is busy stops for milliseconds, which no figure about a 99th percentile survives.
 */
export function measureInterruptions(durationMs = 3000): Interruptions {
  const startedAt = performance.now();
  let last = startedAt;
  let lost = 0;
  let longestMs = 0;
  while (last - startedAt < durationMs) {
    const now = performance.now();
    const gap = now - last;
    last = now;
    if (gap < NOTICED_MS) continue;
    lost += gap;
    longestMs = Math.max(longestMs, gap);
  }
  return { share: lost / (last - startedAt), longestMs };
}

/** `2.1 % of a busy core lost before the run, 18.7 ms at the longest`. */
export function describeInterruptions({ share, longestMs }: Interruptions): string {
  const percent = (share * 100).toFixed(1);
  return `${percent} % of a busy core lost to others before the run, ${longestMs.toFixed(1)} ms at the longest`;
}
