import { parseArgs } from 'node:util';
import { Reporter } from '@loguro/local';
import { earlierRelease, presentRelease } from './release.js';
import { startServers } from './servers.js';
import { createStack } from './stack.js';
import { tryTwoReleases } from './trial.js';

/** The state that upgrades are promised from, until there is a release: see docs/operations/upgrades.md. */
const DEFAULT_FROM = '2401624';

const USAGE = `Usage: node infra/recovery/bin/two-releases.mjs [--from REVISION]

Builds an earlier state of this repository beside the present one, and tries under load what docs/operations/upgrades.md
promises: the migration under running services of the earlier state, their replacement one by one, both beside each other,
the way back and forward again. It counts failed requests, lost and doubled records, and answers that changed. Takes about
five minutes on two cores; needs git's history and the npm registry (or pnpm's store), a Redis, and no network besides.

  --from REVISION   a commit or tag; default: ${DEFAULT_FROM}`;

/** Runs the trial; the exit code. */
export async function main(argv: readonly string[], root: string): Promise<number> {
  const { values } = parseArgs({ args: [...argv], options: { from: { type: 'string' }, help: { type: 'boolean' } } });
  if (values.help === true) {
    console.log(USAGE);
    return 0;
  }
  const reporter = new Reporter(process.stdout);
  const undo: (() => Promise<void>)[] = [];
  const interrupted = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => reject(new Error(signal)));
  });
  const work = async () => {
    const from = values.from ?? DEFAULT_FROM;
    const later = await presentRelease(root);
    const earlier = await reporter.step(`${from} is installed and built`, () => earlierRelease(root, from));
    undo.push(() => earlier.remove());
    const servers = await startServers((sentence) => reporter.say(sentence));
    undo.push(() => servers.stop());
    const stack = await createStack(servers);
    undo.push(() => stack.kill());
    const findings = await tryTwoReleases({ earlier, later, servers, stack, reporter });
    return conclude(findings, reporter);
  };
  try {
    return await Promise.race([work(), interrupted]);
  } catch (error) {
    reporter.say(`\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return 1;
  } finally {
    for (const step of undo.reverse()) await step().catch((error: unknown) => console.error(error));
  }
}

/** What tells apart findings of one kind: numbers and ids. */
const PARTICULARS = /[0-9a-f]{4,}(-[0-9a-f]+)*|\d+/g;

function conclude(findings: readonly string[], reporter: Reporter): number {
  if (findings.length === 0) {
    reporter.say('\nNo request failed, every accepted record is stored once, and every answer stayed the same.');
    return 0;
  }
  const kinds = new Map<string, string[]>();
  for (const finding of findings) {
    const kind = finding.replace(PARTICULARS, '');
    kinds.set(kind, [...(kinds.get(kind) ?? []), finding]);
  }
  reporter.say(`\n${findings.length} things are not as promised:`);
  for (const [first, ...others] of kinds.values()) {
    reporter.say(`  - ${first}${others.length === 0 ? '' : ` (and ${others.length} like it)`}`);
  }
  return 1;
}
