import { ApiError, faultSentence } from '@loguro/types';
import type { EncodedCounts } from './encode-body.js';

/** What {@link queuedAnswer} says beside the records. */
export interface QueuedFacts {
  /** They can be queried already. */
  stored: boolean;
  receipt: string;
  batch: boolean;
  /** Bad records were left out, if there were any. */
  partial: boolean;
}

/** The body of a 202, or of a 200 after `wait=stored`. Written by hand: it is most of what is ever answered. */
export function queuedAnswer(
  { good, bad, details }: EncodedCounts,
  { stored, receipt, batch, partial }: QueuedFacts,
): string {
  const count = batch ? `,"count":${good}` : '';
  const rest = partial ? `,"rejected":${bad},"details":${JSON.stringify(details)}` : '';
  return `{"success":true,"status":"${stored ? 'stored' : 'queued'}"${count},"receipt":"${receipt}"${rest}}`;
}

/** The body of an answer to `dry_run=true`. */
export function dryRunAnswer({ good, bad, details }: EncodedCounts): string {
  return JSON.stringify({ valid: good, invalid: bad, details });
}

/** The refusal of a request because of its records. */
export function refusal({ bad, good, oversized, details }: EncodedCounts, batch: boolean): ApiError {
  if (oversized > 0) {
    return new ApiError('payload_too_large', 'A record is over its size; nothing was accepted.', {
      details: [...details],
    });
  }
  const which = batch ? `${bad} of ${bad + good} records do` : 'The record does';
  const sentence = faultSentence(`${which} not fit the schema of the dataset`, details);
  return new ApiError('invalid_record', `${sentence} Nothing was accepted.`, { details: [...details] });
}
