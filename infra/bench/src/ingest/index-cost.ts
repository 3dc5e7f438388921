import { createRecordMaintenance } from '@loguro/control-plane/maintenance/record-maintenance';
import { withClient } from '@loguro/servers';
import { Pool } from 'pg';
import type { Figure } from '../report.js';
import { interleave, ratio } from './compare.js';
import { drain } from './drain.js';
import type { IngestStack } from './stack.js';

const ROWS = Number(process.env.LOGURO_BENCH_INDEX_ROWS ?? 300_000);
/** A drain is over in seconds; the control plane looks every 10 s. */
const MAINTENANCE_MS = 500;

/** What queries' index costs ingest: a worker's drain with it, kept up with as the control plane does, to one without. */
export async function measureIndexCost(stack: IngestStack, say: (line: string) => void): Promise<Figure[]> {
  const definitions = await indexesOf(stack);
  say(`indexes: ${definitions.join('; ')}`);
  const seen = await interleave(
    [
      { name: 'no index', measure: () => withoutIndexes(stack, definitions) },
      { name: 'index', measure: () => maintained(stack) },
    ],
    'rows/s',
    say,
  );
  return [ratio('drain, the index of queries kept, to none', seen('index'), seen('no index'), { atLeast: 0.85 })];
}

async function indexesOf({ ownerUrl, table }: IngestStack): Promise<string[]> {
  const { rows } = await withClient(ownerUrl, (client) =>
    client.query<{ definition: string }>(
      'SELECT pg_get_indexdef(indexrelid) AS definition FROM pg_index WHERE indrelid = $1::regclass',
      [table],
    ),
  );
  if (rows.length === 0) throw new Error(`${table} has no index to measure`);
  return rows.map(({ definition }) => definition);
}

async function withoutIndexes(stack: IngestStack, definitions: readonly string[]): Promise<number> {
  const names = definitions.map((definition) => /INDEX (\S+) ON/.exec(definition)?.[1]);
  await withClient(stack.ownerUrl, async (client) => {
    for (const name of names) await client.query(`DROP INDEX records.${name}`);
  });
  try {
    return await drain(stack, 'everysec', ROWS, 1);
  } finally {
    await withClient(stack.ownerUrl, async (client) => {
      for (const definition of definitions) await client.query(definition);
    });
  }
}

async function maintained(stack: IngestStack): Promise<number> {
  const pool = new Pool({ connectionString: stack.ownerUrl, max: 2 });
  const log = { info: () => undefined, warn: () => undefined };
  const maintenance = createRecordMaintenance({ pool, log, intervalMs: MAINTENANCE_MS });
  maintenance.start();
  try {
    return await drain(stack, 'everysec', ROWS, 1);
  } finally {
    await maintenance.stop();
    await pool.end();
  }
}
