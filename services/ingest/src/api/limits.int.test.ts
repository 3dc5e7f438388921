import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { refused as mustRefuse } from '../testing/refused.js';
import { GOOD_RECORD, type Sent, startTestApi, type TestApi } from '../testing/test-api.js';

const NDJSON = { 'Content-Type': 'application/x-ndjson' };
const MIB = 1024 * 1024;

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const path = (rest = '') => `/datasets/${api.dataset.id}${rest}`;

const refused = (request: Sent, status: number, code: string) => mustRefuse(api, request, status, code);

describe('limits', () => {
  const fill = (bytes: number) => {
    const empty = JSON.stringify({ ...GOOD_RECORD, country: '' });
    return JSON.stringify({ ...GOOD_RECORD, country: 'x'.repeat(bytes - empty.length) });
  };
  const RECORD = 256 * 1024;

  test('a record of 256 KiB is taken, one byte more is not', async () => {
    expect((await api.send({ path: path('?dry_run=true'), body: fill(RECORD) })).status).toBe(200);
    await refused({ path: path(), body: fill(RECORD + 1) }, 413, 'payload_too_large');
    for (const [type, open, close, separator] of [
      ['application/json', '[', ']', ','],
      ['application/x-ndjson', '', '', '\n'],
    ] as const) {
      const batch = (bytes: number) => `${open}${fill(bytes)}${separator}${fill(1000)}${close}`;
      const headers = { 'Content-Type': type };
      expect((await api.send({ path: path('/batch?dry_run=true'), body: batch(RECORD), headers })).body).toMatchObject({
        valid: 2,
      });
      const answer = await refused(
        { path: path('/batch'), body: batch(RECORD + 1), headers },
        413,
        'payload_too_large',
      );
      expect(answer.body.details?.[0]).toMatchObject({ index: 0 });
      const partial = await api.send({ path: path('/batch?partial=true'), body: batch(RECORD + 1), headers });
      expect([partial.status, partial.body.count, partial.body.rejected]).toEqual([202, 1, 1]);
    }
  });

  test('a batch of 10,000 records is taken, one more is not', async () => {
    const one = JSON.stringify(GOOD_RECORD);
    const lines = (count: number) => `${one}\n`.repeat(count);
    const array = (count: number) => `[${Array(count).fill(one).join(',')}]`;
    for (const [make, headers] of [
      [lines, NDJSON],
      [array, {}],
    ] as const) {
      const good = await api.send({ path: path('/batch?dry_run=true'), body: make(10_000), headers });
      expect(good.body).toMatchObject({ valid: 10_000, invalid: 0 });
      await refused({ path: path('/batch'), body: make(10_001), headers }, 413, 'payload_too_large');
    }
    await refused({ path: path('/batch'), body: `[${'1,'.repeat(20_000)}1]` }, 413, 'payload_too_large');
  });

  test.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', (data: Buffer) => brotliCompressSync(data, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })],
  ] as const)('a %s bomb is stopped at the limit and not inflated further', async (encoding, encode) => {
    const bomb = new Uint8Array(encode(Buffer.alloc(48 * MIB, 0x20)));
    const before = process.memoryUsage().arrayBuffers;
    for (const headers of [{}, NDJSON]) {
      const request = { path: path('/batch'), body: bomb, headers: { ...headers, 'Content-Encoding': encoding } };
      await refused(request, 413, 'payload_too_large');
      await refused({ ...request, path: path(), headers: { 'Content-Encoding': encoding } }, 413, 'payload_too_large');
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(30 * MIB);
  });

  test('a body that could block the process if parsed whole is refused before it is', async () => {
    for (const body of [
      '['.repeat(10 * MIB),
      `[${'[],'.repeat(3 * MIB)}[]]`,
      '{"a":'.repeat(2 * MIB),
      `[${'{'.repeat(9 * MIB)}`,
    ]) {
      const before = process.cpuUsage();
      const answer = await api.send({ path: path('/batch'), body });
      expect([400, 413]).toContain(answer.status);
      // Client and server together; JSON.parse alone takes up to three seconds for these.
      const { user, system } = process.cpuUsage(before);
      expect((user + system) / 1000).toBeLessThan(1000);
    }
  });
});

describe('encodings', () => {
  const record = JSON.stringify(GOOD_RECORD);
  const encoders = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync };

  test.each(Object.entries(encoders))(
    'a %s body that is corrupt, cut short, empty or followed by more is malformed_encoding',
    async (encoding, encode) => {
      const good = encode(record);
      const corrupt = Buffer.from(good);
      corrupt.fill(0xa5, 2, 12);
      const bodies = [
        good.subarray(0, -3),
        good.subarray(0, 4),
        corrupt,
        Buffer.concat([good, Buffer.from('trailing')]),
        Buffer.from(record),
      ];
      for (const body of bodies) {
        for (const [rest, type] of [
          ['', 'application/json'],
          ['/batch', 'application/x-ndjson'],
        ] as const) {
          const headers = { 'Content-Encoding': encoding, 'Content-Type': type };
          await refused({ path: path(rest), body: new Uint8Array(body), headers }, 400, 'malformed_encoding');
        }
      }
    },
  );

  test.each(['gzip, gzip', 'zstd', 'compress', 'gzip;q=1', 'toString', '*'])(
    'Content-Encoding %s is refused',
    async (encoding) => {
      await refused(
        { path: path(), body: record, headers: { 'Content-Encoding': encoding } },
        415,
        'unsupported_encoding',
      );
    },
  );

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/json; charset=utf-16',
    'application/jsonx',
    'x',
    '',
  ])('Content-Type %j is refused', async (type) => {
    await refused(
      { path: path(), body: new Uint8Array(Buffer.from(record)), headers: { 'Content-Type': type } },
      415,
      'unsupported_media_type',
    );
  });

  test('NDJSON is for batches only', async () => {
    await refused({ path: path(), body: record, headers: NDJSON }, 415, 'unsupported_media_type');
  });
});

describe('requests that can not be meant', () => {
  test.each([
    ['?partial=true', 'partial'],
    ['?dry_run=1', 'dry_run'],
    ['?dry_run=true&dry_run=true', 'dry_run'],
    ['?wait=forever', 'wait'],
    ['?x=1', 'x'],
    ['?__proto__=1', '__proto__'],
  ])('%s', async (search, parameter) => {
    const answer = await refused({ path: path(search), body: GOOD_RECORD }, 400, 'invalid_request');
    expect(answer.body.details?.[0]?.path).toBe(parameter);
  });

  test('an Idempotency-Key that is too long or empty', async () => {
    for (const key of ['', 'x'.repeat(256), 'caf\u00e9']) {
      await refused({ path: path(), body: GOOD_RECORD, headers: { 'Idempotency-Key': key } }, 400, 'invalid_request');
    }
    const headers = { 'Idempotency-Key': '~'.repeat(255) };
    expect((await api.send({ path: path(), body: GOOD_RECORD, headers })).status).toBe(202);
  });

  test('an empty body, an empty batch, and a batch that is no array', async () => {
    await refused({ path: path(), body: '' }, 400, 'malformed_json');
    for (const body of ['[]', ' [ ] ', '{}', '1', 'null', JSON.stringify(GOOD_RECORD)]) {
      await refused({ path: path('/batch'), body }, 400, 'invalid_request');
    }
    for (const body of ['', '\n\r\n  \n'])
      await refused({ path: path('/batch'), body, headers: NDJSON }, 400, 'invalid_request');
    const notOne = await refused({ path: path(), body: [GOOD_RECORD] }, 400, 'invalid_record');
    expect(notOne.body.details?.[0]?.message).toBe('must be an object, got an array');
  });

  test.each(['abc', '0', '-1', '1.5', '01', '2147483648', '99999999999999999999', '%00', '13;x'])(
    'a dataset called %s',
    async (id) => {
      const answer = await api.send({ path: `/datasets/${id}`, body: GOOD_RECORD });
      expect([answer.status, answer.body.error]).toEqual([404, 'Dataset not found']);
    },
  );
});
