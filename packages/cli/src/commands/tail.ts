import type { Command } from 'commander';
import { collect } from '../arguments.js';
import type { Context, Registry } from '../program.js';
import { buildQuery } from '../query/build-query.js';
import { parseSpan } from '../query/range.js';
import { recordPrinter } from '../tail/record-printer.js';
import { recordsSince } from '../tail/with-past.js';

interface Flags {
  where?: string[];
  select?: string;
  since?: string;
}

export function addTail(program: Command, { run }: Registry): void {
  program
    .command('tail')
    .argument('<dataset>', 'id, slug or name')
    .description('Show records as they arrive, until Ctrl-C.')
    .option('-w, --where <condition>', '"plan = pro", "amount > 20"; repeatable, all hold', collect)
    .option('-s, --select <fields>', 'default: all fields')
    .option('--since <span>', 'first show the records of the time before, by their timestamps: 15m, 1h')
    .addHelpText(
      'after',
      `
Every record that arrives is shown once, whatever its timestamp. An interruption of the service is sat out.

Examples:
  $ loguro tail orders
  $ loguro tail orders --where 'amount > 100' --format ndjson
`,
    )
    .action(run<Flags>(tail));
}

async function tail(context: Context<Flags>, reference: string): Promise<undefined> {
  const { session, out, flags, host } = context;
  const { signal } = host;
  const sinceMs = flags.since === undefined ? undefined : parseSpan(flags.since, '--since');
  const dataset = await session.dataset(reference);
  const fields = dataset.schema?.fields ?? {};
  const named = flags.select?.split(',').map((name) => name.trim()) ?? [...Object.keys(fields), 'context'];
  const columns = ['timestamp', ...named.filter((name) => name !== 'timestamp')];
  const { where } = buildQuery({ ...(flags.where && { where: flags.where }) }, fields, host.now());
  const request = { select: columns.map((field) => ({ field })), ...(where && { where }) };
  const client = await session.datasets();
  const print = recordPrinter(out, columns);
  let { cursor } = await client.tailPage(dataset.id, request, { signal });
  await out.note(`Waiting for records of ${dataset.slug}; Ctrl-C ends.`);
  if (sinceMs !== undefined) {
    const from = new Date(host.now() - sinceMs).toISOString();
    const past = recordsSince(client, dataset.id, { request, cursor, from, signal });
    let step = await past.next();
    for (; !step.done; step = await past.next()) await print(step.value);
    cursor = step.value;
  }
  const onRetry = ({ message }: Error) => void out.note(`${message}; trying again.`).catch(() => undefined);
  for await (const row of client.tail(dataset.id, request, { cursor, signal, onRetry })) await print([row]);
  return undefined;
}
