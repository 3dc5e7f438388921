import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { LoguroError } from '../errors.js';
import { errorBody, type ScriptedServer, startScriptedServer } from '../testing/scripted-server.js';
import { Connection, type ConnectionOptions } from './connection.js';
import type { FetchInit } from './fetch-like.js';

let server: ScriptedServer;
beforeAll(async () => {
  server = await startScriptedServer();
});
afterAll(() => server.close());

const connect = (options: ConnectionOptions = {}) =>
  new Connection('pat_secret', 'pat', { baseUrl: server.url, ...options }, 'https://logu.ro');

async function failureOf(promise: Promise<unknown>): Promise<LoguroError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(LoguroError);
  return error as LoguroError;
}

test('a request carries the credential, the headers of the connection and its own', async () => {
  server.script({ status: 200, json: { good: true } });
  const connection = connect({ headers: { 'x-team': 'billing' } });
  const call = { method: 'POST', path: '/api/x', query: { a: '1 2', b: undefined }, body: '{}' } as const;
  const headers = { 'content-type': 'application/json' };
  await expect(connection.json({ ...call, headers })).resolves.toEqual({ good: true });
  const [seen] = server.seen;
  expect(seen).toMatchObject({ method: 'POST', path: '/api/x?a=1+2', body: '{}' });
  expect(seen?.headers).toMatchObject({ authorization: 'Bearer pat_secret', 'x-team': 'billing' });
});

test('an answer without a body is undefined', async () => {
  server.script({ status: 204 });
  await expect(connect().json({ method: 'DELETE', path: '/api/x' })).resolves.toBeUndefined();
});

test('a path in the base URL is kept, and a slash at its end makes no difference', async () => {
  server.script({ status: 200, json: {} });
  await connect({ baseUrl: `${server.url}/proxied/` }).json({ method: 'GET', path: '/api/me' });
  expect(server.seen[0]?.path).toBe('/proxied/api/me');
});

test('a failure becomes an error with the code, the details, the request id and the wish to wait', async () => {
  const details = [{ path: 'amount', message: 'must be a number' }];
  const headers = { 'retry-after': '7', 'x-request-id': 'req-9' };
  server.script({ status: 503, json: errorBody('overloaded', 'Too much', details), headers });
  const error = await failureOf(connect().json({ method: 'GET', path: '/x' }));
  expect(error).toMatchObject({ code: 'overloaded', status: 503, requestId: 'req-9', retryAfterMs: 7000, details });
  expect(error.message).toBe('Too much (amount must be a number)');
});

test('Retry-After may be a date', async () => {
  const at = new Date(Date.now() + 60_000).toUTCString();
  server.script({ status: 429, json: errorBody('rate_limited'), headers: { 'retry-after': at } });
  const { retryAfterMs } = await failureOf(connect().json({ method: 'GET', path: '/x' }));
  expect(retryAfterMs).toBeGreaterThan(50_000);
  expect(retryAfterMs).toBeLessThanOrEqual(60_000);
});

test("a proxy's error page is told from an answer of the API, and keeps its status", async () => {
  server.script((_request, response) => response.writeHead(502).end('<html>Bad gateway</html>'));
  const error = await failureOf(connect().json({ method: 'GET', path: '/x' }));
  expect(error).toMatchObject({ code: 'invalid_response', status: 502, retryable: true });
  expect(error.message).toContain(`GET ${server.url}/x was answered 502`);
});

test('a success that is not JSON is an error, not a strange value', async () => {
  server.script((_request, response) => response.writeHead(200).end('<html>Please log in</html>'));
  const error = await failureOf(connect().json({ method: 'GET', path: '/x' }));
  expect(error).toMatchObject({ code: 'invalid_response', retryable: false });
});

test('a refused connection says where it wanted to go and why it failed', async () => {
  const closed = await startScriptedServer();
  await closed.close();
  const error = await failureOf(connect({ baseUrl: closed.url }).json({ method: 'GET', path: '/x' }));
  expect(error).toMatchObject({ code: 'network_error', retryable: true });
  expect(error.message).toMatch(/^GET http:\/\/127\.0\.0\.1:\d+\/x failed: .*ECONNREFUSED/);
});

test('a connection cut in the middle of an answer is a network error', async () => {
  server.script((_request, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{"half":', () => response.destroy());
  });
  await expect(failureOf(connect().json({ method: 'GET', path: '/x' }))).resolves.toMatchObject({
    code: 'network_error',
  });
});

test('no answer in time is a timeout, whether the answer does not begin or does not end', async () => {
  const connection = connect({ timeoutMs: 50 });
  server.script(() => undefined);
  await expect(failureOf(connection.json({ method: 'GET', path: '/x' }))).resolves.toMatchObject({ code: 'timeout' });
  server.script((_request, response) => response.writeHead(200).write('{"half":'));
  await expect(failureOf(connection.json({ method: 'GET', path: '/x' }))).resolves.toMatchObject({ code: 'timeout' });
});

test('an aborted request says so and keeps the reason', async () => {
  const controller = new AbortController();
  server.script(() => controller.abort(new Error('the user left')));
  const error = await failureOf(connect().json({ method: 'GET', path: '/x', signal: controller.signal }));
  expect(error.code).toBe('aborted');
  const before = AbortSignal.abort();
  await expect(failureOf(connect().json({ method: 'GET', path: '/x', signal: before }))).resolves.toMatchObject({
    code: 'aborted',
  });
});

test('an open answer goes on past the timeout, and stops when its caller aborts', async () => {
  const controller = new AbortController();
  server.script((_request, response) => {
    response.writeHead(200);
    response.write('first');
    setTimeout(() => response.write('second'), 1500);
  });
  const call = { method: 'GET', path: '/x', signal: controller.signal, timeoutMs: 1000 } as const;
  const answer = await connect().open(call);
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
  const text = async () => new TextDecoder().decode((await reader.read()).value);
  await expect(text()).resolves.toBe('first');
  await expect(text()).resolves.toBe('second');
  controller.abort();
  await expect(reader.read()).rejects.toThrow();
});

test.each(['ingest.localhost', 'a.b.localhost'])('%s reaches this machine, with its own name as Host', async (name) => {
  server.script({ status: 202, json: { status: 'queued' } });
  const connection = connect({ baseUrl: `http://${name}:${server.port}` });
  await connection.json({ method: 'POST', path: '/datasets/13', body: 'ä€😀' });
  expect(server.seen[0]).toMatchObject({ path: '/datasets/13', body: 'ä€😀' });
  expect(server.seen[0]?.headers.host).toBe(`${name}:${server.port}`);
});

test('address and Host can be set apart', async () => {
  server.script({ status: 200, json: {} });
  await connect({ host: 'ingest.logu.ro' }).json({ method: 'GET', path: '/x' });
  expect(server.seen[0]?.headers.host).toBe('ingest.logu.ro');
});

test('failures over a local name read the same: refused, timed out, aborted, cut', async () => {
  const baseUrl = `http://ingest.localhost:${server.port}`;
  const call = { method: 'GET', path: '/x' } as const;
  server.script(() => undefined);
  await expect(failureOf(connect({ baseUrl, timeoutMs: 50 }).json(call))).resolves.toMatchObject({ code: 'timeout' });
  await expect(failureOf(connect({ baseUrl }).json({ ...call, signal: AbortSignal.abort() }))).resolves.toMatchObject({
    code: 'aborted',
  });
  server.script((_request, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{"half":', () => response.destroy());
  });
  await expect(failureOf(connect({ baseUrl }).json(call))).resolves.toMatchObject({ code: 'network_error' });
  const closed = await startScriptedServer();
  await closed.close();
  const refused = await failureOf(connect({ baseUrl: `http://ingest.localhost:${closed.port}` }).json(call));
  expect(refused.message).toContain('ECONNREFUSED');
});

test("the caller's fetch is used instead of the global one, local names included", async () => {
  const asked: [string, FetchInit][] = [];
  const fetch = async (url: string, init: FetchInit) => {
    asked.push([url, init]);
    return new Response('{"mine":true}');
  };
  const connection = connect({ fetch, baseUrl: 'http://ingest.localhost:1', host: 'ingest.logu.ro' });
  await expect(connection.json({ method: 'GET', path: '/x' })).resolves.toEqual({ mine: true });
  expect(asked[0]?.[0]).toBe('http://ingest.localhost:1/x');
  expect(asked[0]?.[1].headers).toMatchObject({ host: 'ingest.logu.ro' });
});

test.each(['', '   ', 'pat_a\nb', 'pat_ü', undefined])(
  'a credential that no header can carry is refused at once, and never shown: %j',
  (credential) => {
    const connect = () => new Connection(credential, 'pat', {}, 'https://logu.ro');
    expect(connect).toThrow(new TypeError('pat is empty, or no credential'));
  },
);

test('white space around a credential, such as the end of a line of a file, does no harm', async () => {
  server.script({ status: 200, json: {} });
  await new Connection(' pat_x\n', 'pat', { baseUrl: server.url }, '').json({ method: 'GET', path: '/x' });
  expect(server.seen[0]?.headers.authorization).toBe('Bearer pat_x');
});
