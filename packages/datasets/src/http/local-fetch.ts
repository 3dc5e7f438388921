import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type { FetchInit, FetchLike } from './fetch-like.js';

/**
 * A `fetch` over `node:http` for the two things Node's own can't do: reach a `*.localhost` name (RFC 6761 makes all
 * of them loopback; browsers know that, Node's resolver often does not) and send a `Host` other than the URL's.
 * In the build for browsers `local-fetch.browser.ts` is in its place.
 */
export const localFetch: FetchLike = async (url, init) => {
  const target = new URL(url);
  const [{ request }, { lookup }, { Readable }] = await Promise.all([
    target.protocol === 'https:' ? import('node:https') : import('node:http'),
    import('node:dns'),
    import('node:stream'),
  ]);
  const options: RequestOptions = { method: init.method, headers: withLength(init) };
  if (target.hostname.endsWith('.localhost')) {
    // Looked up as localhost itself, IPv4 first where Node does not race both families.
    options.lookup = (_name, how, done) => lookup('localhost', { ...how, verbatim: false }, done);
  }
  const outgoing = request(target, options);
  const answer = await exchange(outgoing, init);
  const { statusCode = 0 } = answer;
  return new Response(statusCode === 204 ? null : (Readable.toWeb(answer) as ReadableStream<Uint8Array>), {
    status: statusCode,
    headers: Object.entries(answer.headers).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, String(value)]],
    ),
  });
};

function exchange(outgoing: ClientRequest, init: FetchInit): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const abort = () => outgoing.destroy(init.signal.reason as Error);
    if (init.signal.aborted) abort();
    init.signal.addEventListener('abort', abort, { once: true });
    outgoing.once('close', () => init.signal.removeEventListener('abort', abort));
    outgoing.once('error', reject);
    outgoing.once('response', (answer) => {
      // Later faults (an abort while the body streams) surface through the body.
      outgoing.on('error', (error) => answer.destroy(error));
      resolve(answer);
    });
    outgoing.end(init.body);
  });
}

function withLength({ headers, body }: FetchInit): Record<string, string> {
  if (body === undefined) return headers;
  return { ...headers, 'content-length': String(typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength) };
}
