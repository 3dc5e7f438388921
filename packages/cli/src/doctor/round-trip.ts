import { randomBytes } from 'node:crypto';
import { type DatasetIngestClient, type DatasetQueryClient, defineDataset, isLoguroError } from '@loguro/datasets';
import { ingestClient } from '../ingest/target.js';
import type { Context } from '../program.js';
import type { Check } from './check.js';

const PROBE = defineDataset({ probe: 'string' });
/** Ingest learns of a new schema within a second; this is for a slow day. Milliseconds. */
const SCHEMA_TIMEOUT_MS = 10_000;

/** Writes a record into a dataset of its own and reads it back, through both surfaces. */
export const roundTrip: Check = {
  name: 'round trip',
  skip({ token, role, ingest, projectKey }) {
    if (!token || role === undefined) return 'there is no token that works';
    if (!ingest) return 'ingest did not answer';
    if (!projectKey) return 'there is no project key';
    return role === 'viewer' ? 'it needs a dataset of its own, and a viewer may not create one' : undefined;
  },
  async run(context) {
    const { session, host } = context;
    const client = await session.datasets();
    const name = `loguro doctor ${randomBytes(4).toString('hex')}`;
    const description = 'Made by loguro doctor, and deleted by it. If it is still here, delete it.';
    const { id } = await client.datasets.create({ name, description }, { signal: host.signal });
    try {
      await client.schema.register(id, PROBE, { signal: host.signal });
      return await writeAndRead(context, client, id);
    } finally {
      // Also when the user stops the command: nothing of it stays behind.
      await client.datasets.delete(id);
    }
  },
};

async function writeAndRead(context: Context, client: DatasetQueryClient, id: number) {
  const { host } = context;
  const probe = randomBytes(8).toString('hex');
  const startedAt = host.now();
  const sender = await ingestClient(context, id);
  const receipt = await sendOnceKnown(sender, probe, startedAt + SCHEMA_TIMEOUT_MS, host);
  await sender.stored(receipt, { signal: host.signal });
  const { rows } = await client
    .from(id, PROBE)
    .select('probe')
    .where('probe', '=', probe)
    .range('0001-01-01T00:00:00Z', '9999-12-31T23:59:59Z')
    .run({ signal: host.signal });
  const ms = host.now() - startedAt;
  if (rows.length === 1) return { status: 'ok', message: `wrote a record and read it back in ${ms} ms` } as const;
  return { status: 'failed', message: `wrote one record and read ${rows.length}` } as const;
}

async function sendOnceKnown(
  sender: DatasetIngestClient,
  probe: string,
  deadline: number,
  { now, signal }: Context['host'],
): Promise<string> {
  for (;;) {
    try {
      const record = { timestamp: new Date(now()).toISOString(), context: {}, probe };
      return (await sender.send(record as never, { signal })).receipt;
    } catch (error) {
      const early = isLoguroError(error, 'dataset_not_found', 'schema_not_found');
      if (!early || now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
