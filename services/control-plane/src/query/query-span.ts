import type { Span } from '@loguro/telemetry';
import { queryFailure } from './query-failure.js';

/** The span of one statement: its shape, how long it took, how many rows it gave; never a value of either side. */
export interface QuerySpan {
  /** So far. */
  rows: number;
  /** Ends it; with what was thrown, as failed. */
  end(failure?: unknown): void;
  /** Waits for a statement's rows and ends with it. */
  of<Row>(rows: Promise<Row[]>): Promise<Row[]>;
}

/**
 * Begins it within the request's span; without one nothing is recorded.
 *
 * @param text the compiled statement, in which every value is a parameter
 */
export function startQuerySpan(parent: Span | null, dataset: number, text: string): QuerySpan {
  const table = `records.dataset_${dataset}`;
  const span =
    parent?.child(`SELECT ${table}`, {
      role: 'client',
      attributes: {
        'db.system.name': 'postgresql',
        'db.operation.name': 'SELECT',
        'db.collection.name': table,
        'db.query.text': text,
        'loguro.dataset': dataset,
      },
    }) ?? null;
  const end = (rows: number, failure: unknown) => {
    if (span === null) return;
    span.set({ 'db.response.returned_rows': rows });
    if (failure === undefined) span.end();
    else span.end(isAbort(failure) ? 'client_gone' : queryFailure(failure, 0).code);
  };
  return {
    rows: 0,
    end(failure) {
      end(this.rows, failure);
    },
    async of(rows) {
      try {
        const found = await rows;
        end(found.length, undefined);
        return found;
      } catch (error) {
        end(0, error);
        throw error;
      }
    },
  };
}

/** What is thrown when the client went away. */
function isAbort(failure: unknown): boolean {
  return failure instanceof Error && failure.name === 'AbortError';
}
