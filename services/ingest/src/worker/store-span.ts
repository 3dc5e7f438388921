import type { Span, Tracing } from '@loguro/telemetry';
import { sqlstateOf } from '../ledger/classify-failure.js';
import type { HeldChunk } from '../ledger/held-chunk.js';
import type { StoreResult } from '../ledger/store-chunks.js';
import { messageAttributes } from '../queue/message-attributes.js';
import { receiptOf } from '../records/receipt-id.js';

/** Requests of one transaction that get a span, as many as OpenTelemetry keeps links. */
const MOST_REQUESTS = 128;

type Outcome = StoreResult | Error;

/** One recorded request whose records are about to be stored. */
interface Request {
  /** Of its chunk among those to be stored. */
  index: number;
  chunk: HeldChunk;
  /** `traceparent` of the span that queued it. */
  trace: string;
}

/**
 * Stores chunks within a span, when recorded requests are among them. The transaction serves many requests, so it is
 * a trace of its own, linked to all of them; and each of them gets a span within its own trace that is linked to the
 * transaction, so that a trace shows what became of its records whichever end one comes from.
 *
 * @param store gives one result per chunk, in order
 */
export async function storeWithinSpan(
  tracing: Tracing,
  chunks: readonly HeldChunk[],
  store: () => Promise<Outcome[]>,
): Promise<Outcome[]> {
  const requests = requestsOf(chunks);
  if (requests.length === 0) return store();
  const transaction = startTransaction(tracing, chunks, requests);
  const steps = requests.map((request) => startStep(tracing, request, transaction));
  const end = (outcomes: (index: number) => Outcome | undefined) => {
    for (const [i, { index }] of requests.entries()) endStep(steps[i], outcomes(index));
  };
  try {
    const outcomes = await store();
    end((index) => outcomes[index]);
    const failed = outcomes.filter((outcome) => outcome instanceof Error);
    transaction.set({ 'loguro.chunks_failed': failed.length });
    transaction.end(failed[0] && errorTypeOf(failed[0]));
    return outcomes;
  } catch (error) {
    end(() => error as Error);
    transaction.end(errorTypeOf(error));
    throw error;
  }
}

function requestsOf(chunks: readonly HeldChunk[]): Request[] {
  const requests: Request[] = [];
  for (const [index, chunk] of chunks.entries()) {
    for (const trace of chunk.traces ?? []) {
      if (requests.length === MOST_REQUESTS) return requests;
      requests.push({ index, chunk, trace });
    }
  }
  return requests;
}

function startTransaction(tracing: Tracing, chunks: readonly HeldChunk[], requests: readonly Request[]): Span {
  return tracing.start('COPY records', null, {
    role: 'client',
    links: requests.map(({ trace }) => trace),
    attributes: {
      'db.system.name': 'postgresql',
      'db.operation.name': 'COPY',
      'loguro.chunks': chunks.length,
      'loguro.records': chunks.reduce((sum, { count }) => sum + count, 0),
    },
  });
}

function startStep(tracing: Tracing, { chunk, trace }: Request, transaction: Span): Span {
  return tracing.start(
    'process ingest',
    { traceparent: trace },
    {
      role: 'consumer',
      links: [transaction.traceparent],
      attributes: {
        ...messageAttributes('process'),
        'loguro.dataset': chunk.dataset,
        'loguro.receipt': receiptOf(chunk.id, chunk.dataset),
      },
    },
  );
}

function endStep(step: Span | undefined, outcome: Outcome | undefined): void {
  if (outcome instanceof Error) {
    step?.end(errorTypeOf(outcome));
    return;
  }
  step?.set({ 'loguro.outcome': outcome?.outcome });
  step?.end();
}

/** A SQLSTATE, or that the database could not be asked. Messages quote values, so they stay out. */
function errorTypeOf(error: unknown): string {
  const failure = error as { code?: string; cause?: { code?: string } };
  return sqlstateOf(failure) ?? sqlstateOf(failure.cause ?? {}) ?? 'unavailable';
}
