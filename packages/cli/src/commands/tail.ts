import type { Command } from 'commander';
import { collect } from '../arguments.js';
import type { Context, Registry } from '../program.js';
import { buildQuery } from '../query/build-query.js';
import { parseSpan } from '../query/range.js';
import { followRecords } from '../tail/follow-records.js';
import { recordPrinter } from '../tail/record-printer.js';

interface Flags {
  where?: string[];
  select?: string;
  since: string;
  window: string;
  interval: string;
}

export function addTail(program: Command, { run }: Registry): void {
  program
    .command('tail')
    .argument('<dataset>', 'id, slug or name')
    .description('Show records as they arrive, until Ctrl-C.')
    .option('-w, --where <condition>', '"plan = pro", "amount > 20"; repeatable, all hold', collect)
    .option('-s, --select <fields>', 'default: all fields')
    .option('--since <span>', 'also show what is that old', '0s')
    .option('--window <span>', 'a record that arrives this late, by its timestamp, is still shown', '10m')
    .option('--interval <span>', 'how often to ask', '1s')
    .addHelpText(
      'after',
      `
Records are looked for by their timestamp: one that is older than the window when it arrives is not seen.

Examples:
  $ loguro tail orders
  $ loguro tail orders --where 'amount > 100' --format ndjson
`,
    )
    .action(run<Flags>(tail));
}

async function tail(context: Context<Flags>, reference: string): Promise<undefined> {
  const { session, out, flags, host } = context;
  const sinceMs = parseSpan(flags.since, '--since');
  const windowMs = Math.max(parseSpan(flags.window, '--window'), sinceMs);
  const intervalMs = Math.max(100, parseSpan(flags.interval, '--interval'));
  const dataset = await session.dataset(reference);
  const fields = dataset.schema?.fields ?? {};
  const columns = flags.select?.split(',').map((name) => name.trim()) ?? [...Object.keys(fields), 'context'];
  const { where } = buildQuery({ ...(flags.where && { where: flags.where }) }, fields, host.now());
  const client = await session.datasets();
  const print = recordPrinter(out, ['timestamp', ...columns.filter((name) => name !== 'timestamp')]);
  await out.note(`Waiting for records of ${dataset.slug}; Ctrl-C ends.`);
  const records = followRecords(client, dataset.id, {
    query: {
      select: ['timestamp', ...columns.filter((name) => name !== 'timestamp')].map((field) => ({ field })),
      ...(where && { where }),
    },
    from: host.now() - sinceMs,
    windowMs,
    intervalMs,
    now: host.now,
    signal: host.signal,
  });
  for await (const batch of records) await print(batch);
  return undefined;
}
