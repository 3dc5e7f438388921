import type { IncomingMessage } from 'node:http';

/** Bodies of a known length up to this are gathered before they are sent on. */
export const COLLECTED_BYTES = 64 * 1024;

/** All bodies being gathered or sent, together; past it even short ones are streamed. */
export const COLLECTED_TOTAL_BYTES = 128 * 1024 * 1024;

/**
 * Gathers a short body. It can then go to the service in one write with the headers, a slow client doesn't
 * hold a connection to the service, and the request can be given to another upstream.
 *
 * @param length its Content-Length, over 0
 * @param onBody called once with all of it; never when the client goes away before
 */
export function collectBody(request: IncomingMessage, length: number, onBody: (body: Buffer) => void): void {
  let chunks: Buffer[] | undefined;
  let missing = length;
  request.on('data', (chunk: Buffer) => {
    missing -= chunk.length;
    if (missing === 0 && chunks === undefined) {
      onBody(chunk);
      return;
    }
    chunks ??= [];
    chunks.push(chunk);
    if (missing === 0) onBody(Buffer.concat(chunks));
  });
}
