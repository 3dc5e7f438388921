import type { Command } from 'commander';
import { wholeNumber } from '../arguments.js';
import { columnsOf } from '../output/formats.js';
import type { Context, Registry } from '../program.js';

export function addAudit(program: Command, { run }: Registry): void {
  program
    .command('audit')
    .description('Show who changed what in the project, newest first.')
    .option('--limit <n>', 'how many events; 0: all', wholeNumber, 50)
    .addHelpText('after', '\nExamples:\n  $ loguro audit\n  $ loguro audit --limit 0 --format ndjson > audit.ndjson\n')
    .action(run<{ limit: number }>(audit));
}

async function audit({ session, out, flags }: Context<{ limit: number }>): Promise<undefined> {
  const client = await session.account();
  const events = [];
  for await (const event of client.auditEvents(await session.project(), { signal: session.signal })) {
    events.push(event);
    if (events.length === flags.limit) break;
  }
  const rows = events.map(({ at, actor, action, target, address, details }) => ({
    at,
    actor: actor.email ?? 'administrator',
    action,
    target: `${target.type} ${target.id}`,
    address,
    details,
  }));
  await out.rows(rows, columnsOf('at', 'actor', 'action', 'target', 'address', 'details'), {
    document: { events },
    empty: 'Nothing has been changed yet.',
  });
  return undefined;
}
