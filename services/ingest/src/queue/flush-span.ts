import type { Span, Tracing } from '@loguro/telemetry';
import { CHUNK_TRACES, type Chunk } from '@loguro/types';
import type { Append, NewJob } from './job-builder.js';
import { messageAttributes } from './message-attributes.js';

/** A span names no more of the requests it serves than this, which is as many links as OpenTelemetry keeps. */
const MOST_LINKS = 128;

/**
 * Writes down in the chunks which recorded requests are in them, and begins the span of the flush that sends them.
 * A flush serves many requests, so it is no part of any of their traces, and linked to all.
 *
 * @param chunkIds of the appends, in their order
 * @returns null when no request of the flush is recorded
 */
export function startFlushSpan(
  tracing: Tracing,
  appends: readonly Append[],
  chunkIds: readonly string[],
  jobs: readonly NewJob[],
): Span | null {
  const chunks = new Map(jobs.flatMap(({ data }) => data.chunks.map((chunk) => [chunk.id, chunk])));
  const links: string[] = [];
  for (const [index, append] of appends.entries()) {
    const trace = 'chunk' in append ? append.trace : append.lines.trace;
    if (trace === undefined) continue;
    addTrace(chunks.get(chunkIds[index] as string), trace);
    if (links.length < MOST_LINKS) links.push(trace);
  }
  if (links.length === 0) return null;
  const attributes = {
    ...messageAttributes('send'),
    'messaging.batch.message_count': jobs.length,
    'loguro.chunks': chunks.size,
    'loguro.requests': appends.length,
  };
  return tracing.start('send ingest', null, { role: 'client', links, attributes });
}

function addTrace(chunk: Chunk | undefined, trace: string): void {
  if (chunk === undefined) return;
  chunk.traces ??= [];
  if (chunk.traces.length < CHUNK_TRACES) chunk.traces.push(trace);
}
