import { ApiError } from '@loguro/types';
import type { Response } from 'express';

/** Bounds what answers hold that were made and are not sent yet, because their clients read slowly or not at all. */
export interface UnsentAnswers {
  /**
   * Counts an answer until it is sent, or its client is gone. A client that takes too long is cut off.
   *
   * @throws ApiError `overloaded` when all of them together would hold too much
   */
  hold(res: Response, bytes: number): void;
}

/** Options of {@link createUnsentAnswers}. */
export interface UnsentAnswersOptions {
  /** All of them together. */
  maxBytes: number;
  /** How long a client may take to read one, in milliseconds. Default 2 minutes. */
  sendMs?: number;
}

/** Smaller ones fit into the buffers that every connection has anyway; they are answered whatever others hold. */
const SMALL_BYTES = 64 * 1024;
const TWO_MINUTES_MS = 120_000;

/** One for the whole process: memory is shared by all that it answers. */
export function createUnsentAnswers({ maxBytes, sendMs = TWO_MINUTES_MS }: UnsentAnswersOptions): UnsentAnswers {
  let held = 0;
  return {
    hold(res, bytes) {
      if (bytes <= SMALL_BYTES || res.destroyed) return;
      if (held + bytes > maxBytes) {
        throw new ApiError('overloaded', 'Too many large answers wait for their clients to read them; try again.');
      }
      held += bytes;
      const timer = setTimeout(() => res.destroy(), sendMs);
      // Comes after the last byte, and also when the connection breaks.
      res.once('close', () => {
        clearTimeout(timer);
        held -= bytes;
      });
    },
  };
}
