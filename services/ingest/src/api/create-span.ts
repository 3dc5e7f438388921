import type { Span } from '@loguro/telemetry';
import { toApiError } from '@loguro/types';
import { messageAttributes } from '../queue/message-attributes.js';
import { receiptOf } from '../records/receipt-id.js';

/**
 * Queues the records of a request within a span of their own, from the last of their bytes to the queue's word that
 * it has them. The span's context travels with the records, so that what a worker does with them joins the trace.
 *
 * @param queueUp gets the context to send along; undefined when the request is not recorded
 * @returns what `queueUp` gave, the id of the chunk
 */
export async function withinCreateSpan(
  request: Span,
  { dataset, records }: { dataset: number; records: number },
  queueUp: (trace: string | undefined) => Promise<string>,
): Promise<string> {
  if (!request.recorded) return queueUp(undefined);
  const span = request.child('create ingest', {
    role: 'producer',
    attributes: { ...messageAttributes('create'), 'loguro.dataset': dataset, 'loguro.records': records },
  });
  try {
    const chunkId = await queueUp(span.traceparent);
    span.set({ 'loguro.receipt': receiptOf(chunkId, dataset) });
    span.end();
    return chunkId;
  } catch (error) {
    span.end(toApiError(error).code);
    throw error;
  }
}
