import { parseArgs } from 'node:util';
import { findRunningStack, withStack } from '@loguro/local';
import { demo } from './demo.js';
import { flightCount } from './flights.js';

const DEFAULT_RECORDS = 200_000;

/** Runs the demo on the stack that runs, or on one started for the time being; sets the exit code. */
export async function runDemo(): Promise<void> {
  process.stdout.on('error', () => undefined);
  const say = (line: string) => console.log(line);
  try {
    const records = await wantedRecords(process.argv.slice(2));
    const running = await findRunningStack(process.env, process.cwd());
    if (running === undefined)
      say('Loguro is not running, so this starts it for the time of the demo (npx pnpm start keeps it running).\n');
    const agree =
      running === undefined
        ? await withStack(process.env, process.cwd(), (local) => demo({ local, records, say }))
        : await demo({ local: running, records, say });
    say(agree ? '\nEvery answer agrees with the file.' : '\nAn answer differs from the file.');
    process.exitCode = agree ? 0 : 1;
  } catch (error) {
    console.error(`\n${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}

async function wantedRecords(argv: readonly string[]): Promise<number> {
  const options = { records: { type: 'string' }, 'no-build': { type: 'boolean' } } as const;
  const { values } = parseArgs({ args: argv.filter((arg) => arg !== '--'), options });
  const most = await flightCount();
  const records = Number(values.records ?? DEFAULT_RECORDS);
  if (Number.isInteger(records) && records >= 1 && records <= most) return records;
  throw new Error(`--records must be a whole number from 1 to ${most}.`);
}
