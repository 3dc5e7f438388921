import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';
import type { Answer } from './endpoint.js';

/** Sends what a handler answered. Rejects when a stream breaks off, whoever broke it. */
export async function sendAnswer(res: Response, { status, body, stream, headers }: Answer): Promise<void> {
  res.status(status).set('Cache-Control', 'no-store');
  if (headers !== undefined) res.set(headers);
  if (stream !== undefined) await pipeline(Readable.from(stream), res);
  else if (body === undefined) res.end();
  else res.json(body);
}
