import { gatewaySuite } from './gateway/suite.js';
import { ingestSuite } from './ingest/suite.js';
import { reached, type Suite, toLine } from './report.js';

const SUITES: readonly Suite[] = [gatewaySuite, ingestSuite];

/**
 * Runs the suites named, or all.
 *
 * @returns the exit code: 1 when a figure missed what it should reach
 */
export async function runSuites(names: readonly string[], say: (line: string) => void): Promise<number> {
  const unknown = names.filter((name) => !SUITES.some((suite) => suite.name === name));
  if (unknown.length > 0) {
    say(`There is no suite ${unknown.join(', ')}. Suites: ${SUITES.map(({ name }) => name).join(', ')}`);
    return 1;
  }
  const chosen = SUITES.filter(({ name }) => names.length === 0 || names.includes(name));
  let missed = 0;
  for (const suite of chosen) {
    say(`\n${suite.title}`);
    const figures = await suite.run((line) => say(`  … ${line}`));
    say('');
    for (const figure of figures) {
      say(`  ${toLine(figure)}`);
      if (!reached(figure)) missed += 1;
    }
  }
  return missed === 0 ? 0 : 1;
}
