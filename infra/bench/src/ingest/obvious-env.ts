import { withClient } from '@loguro/servers';
import type { IngestStack, QueueKind } from './stack.js';

/** What the obvious build is started with: the same Redis, the same table, the same keys. */
export async function obviousEnv(
  stack: Pick<IngestStack, 'ownerUrl' | 'queueUrl' | 'table'>,
  kind: QueueKind = 'everysec',
): Promise<Record<string, string>> {
  const { rows } = await withClient(stack.ownerUrl, (client) =>
    client.query<{ public_key: string }>('SELECT public_key FROM signing_keys LIMIT 1'),
  );
  return {
    LOGURO_QUEUE_URL: stack.queueUrl(kind),
    LOGURO_DATABASE_URL: stack.ownerUrl,
    BENCH_PUBLIC_KEY: rows[0]?.public_key ?? '',
    BENCH_TABLE: stack.table,
  };
}
