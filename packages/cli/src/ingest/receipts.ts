import type { DatasetIngestClient } from '@loguro/datasets';

/** Receipts that are waited for at once. */
const WINDOW = 8;

/**
 * Waits until the records behind receipts can be queried.
 *
 * @throws LoguroError `records_dead` when the database refused some, `timeout` when some take too long
 */
export async function waitUntilStored(
  client: Pick<DatasetIngestClient, 'stored'>,
  receipts: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  for (let at = 0; at < receipts.length; at += WINDOW) {
    await Promise.all(receipts.slice(at, at + WINDOW).map((receipt) => client.stored(receipt, { signal })));
  }
}
