import type { CompiledQuery } from './compile/compile-query.js';
import type { StreamPart } from './compile/parts.js';
import type { TableExtent } from './compile/windows.js';
import type { Statement } from './statement.js';
import { createStreamWindows } from './stream-windows.js';

/** The statements of a stream: their rows, one after the other, are its rows. */
export interface StreamStatements {
  /** The next one; null: that was all. */
  next(): Statement | null;
  /** Tells of the last one: its rows, and the milliseconds until the first of them came. */
  ended(rows: number, waitMs: number): void;
}

/** A stream as it is to be read. */
export interface StreamPlan extends Pick<CompiledQuery, 'sorts' | 'copies'> {
  /** Whether there are several statements, which must see the same records. */
  several: boolean;
  /** @param extent asked only when there are several */
  statements(extent: () => Promise<TableExtent | undefined>): Promise<StreamStatements>;
}

/**
 * One statement, or in order of time one for each window.
 *
 * @param part compiles the query for a part of it
 */
export function planStream(compiled: CompiledQuery, part: (part: StreamPart) => Statement): StreamPlan {
  const { byTime, sorts, copies } = compiled;
  const common = { copies, ...(sorts !== undefined && { sorts }) };
  if (byTime === undefined) return { ...common, several: false, statements: async () => single(compiled) };
  return {
    ...common,
    several: true,
    async statements(extent) {
      const windows = createStreamWindows(byTime, await extent());
      let left = compiled.limit;
      return {
        next() {
          const window = left > 0 ? windows.next() : null;
          return window && part({ window, limit: left });
        },
        ended(rows, waitMs) {
          left -= rows;
          windows.ended(rows, waitMs);
        },
      };
    },
  };
}

function single(statement: Statement): StreamStatements {
  let next: Statement | null = statement;
  return {
    next() {
      const now = next;
      next = null;
      return now;
    },
    ended: () => undefined,
  };
}
