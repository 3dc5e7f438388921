import type { Refusal } from './queue-monitor.js';

/** More records wait than the queue, or this process, has room for. */
export const FULL: Refusal = {
  code: 'overloaded',
  sentence: 'More records wait for the queue than fit; nothing was accepted.',
};
/** Nothing was sent, or it was refused. */
export const AWAY: Refusal = { code: 'unavailable', sentence: "The queue can't be reached; nothing was accepted." };
/** It was sent, and nobody knows what became of it. */
export const IN_DOUBT: Refusal = {
  code: 'unavailable',
  sentence:
    'The queue did not answer; the records may or may not have been accepted. Repeat them with the same Idempotency-Key: then they are stored once.',
};

/** Redis says so before a script has changed anything; see the error replies in its `server.c`. */
const REDIS_REFUSES = /^(LOADING|READONLY|MISCONF|NOREPLICAS|MASTERDOWN|CLUSTERDOWN|NOAUTH|NOPERM|BUSY) /;
/** ioredis did not send the command: the connection was known to be gone. */
const NOT_SENT = /^Stream isn't writeable/;
/** There was no connection to send anything on: system errors, and what PostgreSQL says to one that it does not let in. */
const NOT_CONNECTED = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  '53300', // too many connections
  '57P03', // starting up, or shutting down
]);

/**
 * What the appends of a job are told that could not be added. Only what is certain is called so: a command whose
 * answer was lost may have been carried out, and then its chunks are stored whole.
 *
 * @param error of BullMQ, which passes on what ioredis or pg threw
 */
export function refusalOf(error: unknown): Refusal {
  const { message = '', code, severity } = error as { message?: string; code?: string; severity?: string };
  // Redis's word for "past maxmemory".
  if (message.startsWith('OOM')) return FULL;
  // An ERROR of PostgreSQL has undone its statement. FATAL ends the connection, and can come after a commit.
  const refused = severity === 'ERROR' || REDIS_REFUSES.test(message) || NOT_SENT.test(message);
  return refused || (code !== undefined && NOT_CONNECTED.has(code)) ? AWAY : IN_DOUBT;
}
