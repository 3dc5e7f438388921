import { appendFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Figure, reached } from './report.js';

const PAGE = fileURLToPath(new URL('../../../docs/benchmarks.md', import.meta.url));
const GIB = 1024 ** 3;

/** What the machine was like before the run. */
export interface MachineState {
  /** Load average. */
  load: number;
  /** A few words about interruptions. */
  lost: string;
}

/** Appends a suite's figures to the benchmarks page, with what they were measured on. */
export function saveFigures(title: string, figures: readonly Figure[], before: MachineState): void {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const machine = `${availableParallelism()} × ${model}, ${Math.round(totalmem() / GIB)} GiB, Node ${process.versions.node}`;
  const rows = figures.map((figure) => {
    const { what, value, unit, range, reach } = figure;
    const goal = reach === undefined ? '—' : 'atLeast' in reach ? `≥ ${reach.atLeast}` : `≤ ${reach.atMost}`;
    const verdict = reach === undefined ? '' : reached(figure) ? ' reached' : ' missed';
    const spread = range === undefined ? '—' : `${range[0].toFixed(2)} to ${range[1].toFixed(2)}`;
    return `| ${what} | ${value.toFixed(2)} ${unit} | ${spread} | ${goal}${verdict} |`;
  });
  const day = new Date().toISOString().slice(0, 10);
  appendFileSync(
    PAGE,
    [
      '',
      `### ${title} — ${day}`,
      '',
      `${machine}; load average before the run ${before.load.toFixed(1)}; ${before.lost}`,
      '',
      '| What | Median | Range | Goal |',
      '|---|---|---|---|',
      ...rows,
      '',
    ].join('\n'),
  );
}

/** Processes that wanted to run during the last minute: figures from a busy machine say little. */
export function currentLoad(): number {
  return loadavg()[0] ?? 0;
}
