import { timeOfId, timeOrderedId } from './time-ordered-id.js';

/** What the id of a job tells without reading the job. */
export interface JobSize {
  /** When it was queued, in milliseconds since the epoch. */
  queuedAt: number;
  records: number;
  /** Of its lines, in characters. */
  bytes: number;
}

/**
 * The id of a job that carries so much. The queue's lists hold ids, so that what is pending can be summed
 * up from them alone, without reading a payload.
 *
 * @param queuedAt as in {@link JobSize}; now, unless said otherwise
 */
export function newJobId(records: number, bytes: number, queuedAt?: number): string {
  return `${timeOrderedId(queuedAt)}.${records}.${bytes}`;
}

const SHAPE = /^([0-9a-f-]{36})\.(\d+)\.(\d+)$/;

/** Takes an id of {@link newJobId} apart; null for an id that is none. */
export function parseJobId(id: string): JobSize | null {
  const match = SHAPE.exec(id);
  if (match === null) return null;
  return { queuedAt: timeOfId(match[1] as string), records: Number(match[2]), bytes: Number(match[3]) };
}
