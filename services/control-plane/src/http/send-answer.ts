import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';
import type { Answer } from './endpoint.js';
import type { UnsentAnswers } from './unsent-answers.js';

/**
 * Sends what a handler answered. A stream's first piece is waited for before anything is sent, so that a failure
 * up to there is still answered as one; rejects when it breaks off later, whoever broke it.
 *
 * @throws ApiError `overloaded` when too much is unsent already
 */
export async function sendAnswer(
  res: Response,
  { status, body, json, stream, headers = {} }: Answer,
  unsent: UnsentAnswers,
): Promise<void> {
  if (json !== undefined) unsent.hold(res, Buffer.byteLength(json));
  const pieces = stream?.[Symbol.asyncIterator]();
  const first = await pieces?.next();
  res.status(status).set('Cache-Control', 'no-store').set(headers);
  if (pieces !== undefined && first !== undefined) await pipeline(Readable.from(resume(first, pieces)), res);
  else if (json !== undefined) res.type('json').send(json);
  else if (body === undefined) res.end();
  else res.json(body);
}

/** The whole of a stream whose first piece was taken already. Ending early ends the stream too. */
async function* resume<T>(first: IteratorResult<T>, rest: AsyncIterator<T>): AsyncGenerator<T> {
  try {
    for (let piece = first; !piece.done; piece = await rest.next()) yield piece.value;
  } finally {
    await rest.return?.();
  }
}
