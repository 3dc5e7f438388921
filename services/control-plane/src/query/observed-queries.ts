import { ApiError } from '@loguro/types';
import type { Metrics } from '../http/metrics.js';
import type { QueryService } from './query-service.js';

/** Where {@link observeQueries} counts. */
export type QueryMetrics = Pick<Metrics, 'querySeconds' | 'queriesRunning'>;

/** Where {@link observeWait} counts. */
export type WaitMetrics = Pick<Metrics, 'queriesWaiting' | 'queryWaitSeconds'>;

/** The same service, with one observation in the metrics for each query once nothing of it is left. */
export function observeQueries(queries: QueryService, metrics: QueryMetrics): QueryService {
  /** Counts a query as running. Returns what ends it; further calls do nothing. */
  function begin(kind: string, signal: AbortSignal): (failure?: unknown) => void {
    const start = performance.now();
    let running = true;
    metrics.queriesRunning.inc({ kind });
    return (failure) => {
      if (!running) return;
      running = false;
      metrics.queriesRunning.dec({ kind });
      const outcome = outcomeOf(failure, signal);
      metrics.querySeconds.observe({ kind, outcome }, (performance.now() - start) / 1000);
    };
  }

  async function once<T>(kind: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const end = begin(kind, signal);
    try {
      const result = await work();
      end();
      return result;
    } catch (error) {
      end(error);
      throw error;
    }
  }

  return {
    run: (target, query, signal, parent) => once('page', signal, () => queries.run(target, query, signal, parent)),
    explain: (target, query, signal) => once('explain', signal, () => queries.explain(target, query, signal)),
    async stream(target, query, type, signal, parent) {
      const end = begin('stream', signal);
      try {
        const stream = await queries.stream(target, query, type, signal, parent);
        // A reader that went away before it read anything never gets to end the chunks.
        signal.addEventListener('abort', () => end(), { once: true });
        return { ...stream, chunks: watched(stream.chunks, end) };
      } catch (error) {
        end(error);
        throw error;
      }
    },
    close: () => queries.close(),
  };
}

/** Counts a query as waiting. Returns what ends it. */
export function observeWait({ queriesWaiting, queryWaitSeconds }: WaitMetrics): () => void {
  queriesWaiting.inc();
  const observe = queryWaitSeconds.startTimer();
  return () => {
    queriesWaiting.dec();
    observe();
  };
}

async function* watched(chunks: AsyncIterable<string>, end: (failure?: unknown) => void): AsyncGenerator<string> {
  try {
    yield* chunks;
  } catch (error) {
    end(error);
    throw error;
  } finally {
    end();
  }
}

function outcomeOf(failure: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'client_gone';
  if (failure === undefined) return 'ok';
  return failure instanceof ApiError ? failure.code : 'internal';
}
