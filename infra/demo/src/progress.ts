import { SingleBar } from 'cli-progress';

/** How far a job is. */
export interface Progress {
  /** So many are done in all. */
  update(done: number): void;
  stop(): void;
}

/** A bar on a terminal; elsewhere a line every few seconds. */
export function startProgress(name: string, total: number): Progress {
  const bar = new SingleBar({
    format: `  ${name} [{bar}] {percentage} %  {value} of {total}  {rate}/s  {remaining}`,
    barsize: 24,
    hideCursor: true,
    noTTYOutput: true,
    notTTYSchedule: 2000,
    stream: process.stdout,
  });
  const began = performance.now();
  const figures = (done: number) => {
    const seconds = (performance.now() - began) / 1000;
    const rate = done / Math.max(seconds, 0.001);
    const remaining = done === 0 ? '' : `${Math.ceil((total - done) / rate)} s left`;
    return {
      rate: Math.round(rate).toLocaleString('en'),
      remaining: done >= total ? `in ${seconds.toFixed(1)} s` : remaining,
    };
  };
  bar.start(total, 0, figures(0));
  return {
    update: (done) => bar.update(done, figures(done)),
    stop: () => bar.stop(),
  };
}
