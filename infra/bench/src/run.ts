import { gatewaySuite } from './gateway/suite.js';
import { ingestSuite } from './ingest/suite.js';
import { describeInterruptions, measureInterruptions } from './interruptions.js';
import { querySuite } from './query/suite.js';
import { reached, type Suite, toLine } from './report.js';
import { currentLoad, saveFigures } from './save.js';

const SUITES: readonly Suite[] = [gatewaySuite, ingestSuite, querySuite];

/**
 * Runs the suites named, or all; with `--save` among the arguments the figures go to docs/benchmarks.md too.
 *
 * @returns the exit code: 1 when a figure missed what it should reach
 */
export async function runSuites(args: readonly string[], say: (line: string) => void): Promise<number> {
  const names = args.filter((arg) => arg !== '--save');
  const unknown = names.filter((name) => !SUITES.some((suite) => suite.name === name));
  if (unknown.length > 0) {
    say(`There is no suite ${unknown.join(', ')}. Suites: ${SUITES.map(({ name }) => name).join(', ')}`);
    return 1;
  }
  const chosen = SUITES.filter(({ name }) => names.length === 0 || names.includes(name));
  let missed = 0;
  for (const suite of chosen) {
    say(`\n${suite.title}`);
    const load = currentLoad();
    const lost = describeInterruptions(measureInterruptions());
    say(`  ${lost}`);
    const figures = await suite.run((line) => say(`  … ${line}`));
    say('');
    for (const figure of figures) {
      say(`  ${toLine(figure)}`);
      if (!reached(figure)) missed += 1;
    }
    if (args.includes('--save')) saveFigures(suite.title, figures, { load, lost });
  }
  return missed === 0 ? 0 : 1;
}
