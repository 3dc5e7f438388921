import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { waitFor } from '@loguro/testing';
import { metric } from '../../testing/backends.js';
import { openRaw, type RawAnswer, type RawConnection, rawRequest } from '../../testing/raw-http.js';
import { GOOD_RECORD, startTestApi, type TestApi } from '../../testing/test-api.js';

const record = JSON.stringify(GOOD_RECORD);
const KEEP_ALIVE_MS = 1000;

let api: TestApi;
let open: RawConnection[];
beforeAll(async () => {
  api = await startTestApi({ config: { keepAliveTimeoutMs: KEEP_ALIVE_MS } });
  open = [];
});
afterAll(async () => {
  for (const { socket } of open) socket.destroy();
  await api.close();
});

async function connect(): Promise<RawConnection> {
  const connection = await openRaw(api.port);
  open.push(connection);
  return connection;
}

function post(extra: Record<string, string> = {}, body = record): string {
  const headers = { Authorization: `Bearer ${api.key}`, 'Content-Type': 'application/json', ...extra };
  return rawRequest(`POST /datasets/${api.dataset.id}`, { headers, body });
}

const served = () => metric(api.registry, 'loguro_ingest_fast_lane_requests_total');
const bodyBytes = () => metric(api.registry, 'loguro_ingest_body_bytes');
const accepted = () => metric(api.registry, 'loguro_ingest_accepted_records_total');
const codeOf = ({ body }: RawAnswer) => (JSON.parse(body) as { code?: string }).code;
/** For a header that is not of the common form and means nothing: the long way. */
const LONG_WAY = { TE: 'trailers' };

/** What a request gets, whether the lane served it, and how many records were accepted. */
async function outcomeOf(send: (connection: RawConnection) => Promise<RawAnswer>) {
  const [servedBefore, acceptedBefore] = [await served(), await accepted()];
  const answer = await send(await connect());
  return { answer, fast: (await served()) - servedBefore, accepted: (await accepted()) - acceptedBefore };
}

async function sendIn(pieces: readonly string[], { socket, answer }: RawConnection): Promise<RawAnswer> {
  for (const [index, piece] of pieces.entries()) {
    // Each has arrived, and was read, before the next one is sent.
    if (index > 0) await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    await new Promise<void>((resolve) => socket.write(piece, () => resolve()));
  }
  return answer();
}

test('serves a key and a dataset that it sees for the first time', async () => {
  const { token } = await api.addKey();
  const { answer, fast } = await outcomeOf((c) => sendIn([post({ Authorization: `Bearer ${token}` })], c));
  expect([answer.status, fast]).toEqual([202, 1]);
});

test('its answer is the one of the long way', async () => {
  const fast = await outcomeOf((connection) => sendIn([post({ 'X-Request-Id': 'same' })], connection));
  const slow = await outcomeOf((connection) => sendIn([post({ 'X-Request-Id': 'same', ...LONG_WAY })], connection));
  expect([fast.fast, slow.fast, fast.accepted, slow.accepted]).toEqual([1, 0, 1, 1]);
  const { date, ...headers } = fast.answer.headers;
  const { date: otherDate, ...otherHeaders } = slow.answer.headers;
  expect(headers).toEqual(otherHeaders);
  expect(Math.abs(Date.parse(date as string) - Date.parse(otherDate as string))).toBeLessThan(10_000);
  expect([fast.answer.status, slow.answer.status]).toEqual([202, 202]);
  const withoutReceipt = ({ body }: RawAnswer) => ({ ...JSON.parse(body), receipt: 'r' });
  expect(withoutReceipt(fast.answer)).toEqual(withoutReceipt(slow.answer));
});

test('a connection is served again and again, with records of any length', async () => {
  const before = await served();
  const connection = await connect();
  for (let i = 0; i < 50; i++) {
    connection.socket.write(
      post(i % 2 === 0 ? {} : { 'X-Request-Id': `r-${i}` }, JSON.stringify({ ...GOOD_RECORD, country: 'x'.repeat(i) })),
    );
    expect((await connection.answer()).status).toBe(202);
  }
  expect((await served()) - before).toBe(50);
});

test('a request is answered and accepted once wherever it is cut in two', async () => {
  const request = post();
  for (let at = 1; at < request.length; at += 11) {
    const { answer, accepted } = await outcomeOf((c) => sendIn([request.slice(0, at), request.slice(at)], c));
    expect([at, answer.status, accepted]).toEqual([at, 202, 1]);
  }
});

test('a body that comes in many pieces is accepted once', async () => {
  const request = post();
  const head = request.length - record.length;
  const pieces = [request.slice(0, head), ...record];
  const { answer, accepted } = await outcomeOf((connection) => sendIn(pieces, connection));
  expect([answer.status, accepted]).toEqual([202, 1]);
});

describe('a client that does not wait for its answers', () => {
  const requests = (count: number) =>
    Array.from({ length: count }, (_, i) => post({ 'X-Request-Id': `n-${i}` }, i % 5 === 3 ? '{' : record));

  test.each([
    ['at once', (all: string[]) => [all.join('')]],
    ['one by one', (all: string[]) => all],
    ['cut anywhere', (all: string[]) => all.join('').match(/[\s\S]{1,97}/g) as string[]],
  ])('gets them in order, with requests sent %s', async (_how, cut) => {
    const before = await accepted();
    const connection = await connect();
    for (const piece of cut(requests(20))) connection.socket.write(piece);
    for (let i = 0; i < 20; i++) {
      const { status, headers } = await connection.answer();
      expect([headers['x-request-id'], status]).toEqual([`n-${i}`, i % 5 === 3 ? 400 : 202]);
    }
    expect((await accepted()) - before).toBe(16);
  });
});

test('a client that has ended its side gets its answer, and then the end', async () => {
  const connection = await connect();
  connection.socket.end(post());
  expect(await connection.answer()).toMatchObject({ status: 202 });
  await connection.closed();
});

test('a client that ends its side within a request is told, and nothing is accepted', async () => {
  const { answer, accepted } = await outcomeOf((connection) => {
    connection.socket.end(post().slice(0, -5));
    return connection.answer();
  });
  expect([answer.status, codeOf(answer), accepted]).toEqual([400, 'invalid_request', 0]);
});

test.each([
  ['a record at fault', () => post({}, '{"timestamp":1}'), 400, 'invalid_record'],
  ['no JSON', () => post({}, '{'), 400, 'malformed_json'],
  ['a wrong key', () => post({ Authorization: 'Bearer nonsense' }), 401, 'invalid_credential'],
  ['a personal access token', () => post({ Authorization: 'Bearer pat_x' }), 401, 'wrong_credential'],
  ['another path', () => post().replace(/POST \S+/, 'POST /nowhere'), 404, 'route_not_found'],
  ['an unknown dataset', () => post().replace(/POST \S+/, 'POST /datasets/999999'), 404, 'dataset_not_found'],
  ['no HTTP', () => 'HELLO\r\n\r\n', 400, 'invalid_request'],
])('%s, after a good request, is refused by the server', async (_what, request, status, code) => {
  const before = await accepted();
  const connection = await connect();
  expect((await sendIn([post()], connection)).status).toBe(202);
  const answer = await sendIn([request()], connection);
  expect([answer.status, codeOf(answer)]).toEqual([status, code]);
  expect((await accepted()) - before).toBe(1);
});

test('a revoked key is refused on a connection that it has used, within a second', async () => {
  const { id, token } = await api.addKey();
  const connection = await connect();
  const request = post({ Authorization: `Bearer ${token}` });
  expect((await sendIn([request], connection)).status).toBe(202);
  await api.bench.owner.query('UPDATE project_keys SET revoked_at = now() WHERE id = $1', [id]);
  const revokedAt = performance.now();
  await waitFor(async () => (await sendIn([request], connection)).status === 401, {
    what: 'the refusal',
    intervalMs: 5,
  });
  expect(performance.now() - revokedAt).toBeLessThan(1000);
});

test('a request whose end takes its time is served, and held in the books of bodies until then', async () => {
  const { answer, accepted } = await outcomeOf(async (connection) => {
    const { socket } = connection;
    socket.write(post().slice(0, -5));
    await waitFor(async () => (await bodyBytes()) > 0, { what: 'a part of the body' });
    socket.write(post().slice(-5));
    return connection.answer();
  });
  expect([answer.status, accepted]).toEqual([202, 1]);
  expect(await bodyBytes()).toBe(0);
});

test('an idle connection is closed after the keep-alive timeout, and not before', async () => {
  const connection = await connect();
  expect((await sendIn([post()], connection)).status).toBe(202);
  const answeredAt = performance.now();
  await connection.closed(10_000);
  expect(performance.now() - answeredAt).toBeGreaterThan(KEEP_ALIVE_MS - 100);
});

describe('a connection that Node has taken over', () => {
  test('is closed after some requests of the common form, to begin anew', async () => {
    const before = await served();
    const connection = await connect();
    expect((await sendIn([post(LONG_WAY)], connection)).status).toBe(202);
    let answers = 1;
    for (let last = 'keep-alive'; last !== 'close'; answers++) {
      const { status, headers } = await sendIn([post()], connection);
      expect([status, answers < 100]).toEqual([202, true]);
      last = headers.connection as string;
    }
    await connection.closed();
    expect(answers).toBeGreaterThan(10);
    expect((await served()) - before).toBe(0);
  });

  test('is kept for requests that ask for more', async () => {
    const connection = await connect();
    for (let i = 0; i < 100; i++) {
      const { status, headers } = await sendIn([post(LONG_WAY)], connection);
      expect([status, headers.connection]).toEqual([202, 'keep-alive']);
    }
  });
});
