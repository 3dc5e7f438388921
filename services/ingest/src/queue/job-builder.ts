import { type Chunk, STORE_JOB, type StoreJob } from '@loguro/types';
import type { FairShare } from './fair-share.js';
import type { Lines } from './ingest-queue.js';
import { newJobId } from './job-id.js';
import { timeOrderedId } from './time-ordered-id.js';

/** An append that waits for its flush: lines to be grouped, or a chunk whose id is fixed. */
export type Append = { lines: Lines; at: number } | { chunk: Chunk; trace?: string | undefined };

/** A job as BullMQ's `add` and `addBulk` take it. */
export interface NewJob {
  name: typeof STORE_JOB;
  data: StoreJob;
  opts: { jobId: string; priority?: number };
}

/**
 * A chunk takes no further append once it has this many characters. An append is never divided, so that a
 * request is wholly there or wholly not.
 */
const CHUNK_BYTES = 512 * 1024;
/** A job takes no further chunk once it has this many: both sides hold jobs whole in memory. */
const JOB_BYTES = 1024 * 1024;

interface OpenChunk {
  chunk: Chunk;
  parts: string[];
  bytes: number;
}

/**
 * Groups appends into chunks, one dataset each, and chunks into jobs of one priority each.
 *
 * @returns the jobs, and for each append the id of its chunk
 */
export function buildJobs(appends: readonly Append[], fair: FairShare): { jobs: NewJob[]; chunkIds: string[] } {
  const open = new Map<number, OpenChunk>();
  const done: OpenChunk[] = [];
  const chunkIds = appends.map((append) => {
    if ('chunk' in append) {
      done.push({ chunk: append.chunk, parts: [append.chunk.lines], bytes: append.chunk.lines.length });
      return append.chunk.id;
    }
    const { dataset, lines, count } = append.lines;
    let target = open.get(dataset);
    if (target === undefined) {
      const id = timeOrderedId();
      target = { chunk: { id, dataset, count: 0, at: append.at, lines: '' }, parts: [], bytes: 0 };
      open.set(dataset, target);
      done.push(target);
    }
    target.chunk.count += count;
    target.parts.push(lines);
    target.bytes += lines.length;
    if (target.bytes >= CHUNK_BYTES) open.delete(dataset);
    return target.chunk.id;
  });
  return { jobs: jobsOf(done, fair), chunkIds };
}

function jobsOf(chunks: readonly OpenChunk[], fair: FairShare): NewJob[] {
  const open = new Map<number, { chunks: Chunk[]; records: number; bytes: number }>();
  const jobs: NewJob[] = [];
  const close = (priority: number) => {
    const job = open.get(priority);
    if (job === undefined) return;
    open.delete(priority);
    const jobId = newJobId(job.records, job.bytes);
    const opts = priority === 0 ? { jobId } : { jobId, priority };
    jobs.push({ name: STORE_JOB, data: { v: 1, chunks: job.chunks }, opts });
  };
  for (const { chunk, parts, bytes } of chunks) {
    chunk.lines = parts.length === 1 ? (parts[0] as string) : parts.join('');
    const priority = fair.priority(chunk.dataset, bytes);
    const job = open.get(priority) ?? { chunks: [], records: 0, bytes: 0 };
    open.set(priority, job);
    job.chunks.push(chunk);
    job.records += chunk.count;
    job.bytes += bytes;
    if (job.bytes >= JOB_BYTES) close(priority);
  }
  for (const priority of [...open.keys()]) close(priority);
  return jobs;
}
