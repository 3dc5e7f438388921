import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { metric } from '../testing/backends.js';
import { JSON_TEXTS, NAUGHTY_STRINGS } from '../testing/corpora.js';
import { type Answer, GOOD_RECORD, type Sent, startTestApi, type TestApi } from '../testing/test-api.js';

const NDJSON = { 'Content-Type': 'application/x-ndjson' };
const MIB = 1024 * 1024;
/** For a whole corpus, a request for each of its texts, on a machine that is busy with other tests. */
const CORPUS_MS = 120_000;

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  await api.bench.startWorker();
});
afterAll(() => api.close());

const path = (rest = '') => `/datasets/${api.dataset.id}${rest}`;

/** Sends something that must be refused, and makes sure that nothing of it was accepted. */
async function refused(request: Sent, status: number, code: string): Promise<Answer> {
  const before = await acceptedRecords();
  const answer = await api.send(request);
  expect([answer.status, answer.body.code]).toEqual([status, code]);
  expect(await acceptedRecords()).toBe(before);
  return answer;
}

async function acceptedRecords(): Promise<number> {
  return metric(api.registry, 'loguro_ingest_accepted_records_total');
}

describe('the JSON parsing test suite', () => {
  const isObject = (text: string) => {
    try {
      const value = JSON.parse(text);
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    } catch {
      return false;
    }
  };

  test(
    'what no parser may accept is malformed_json, as one record and as a batch',
    async () => {
      const texts = JSON_TEXTS.filter(({ name }) => name.startsWith('n_'));
      expect(texts.length).toBeGreaterThan(150);
      for (const { input } of texts) {
        for (const rest of ['', '/batch']) {
          const answer = await refused(
            { path: path(rest), body: new TextEncoder().encode(input) },
            400,
            'malformed_json',
          );
          expect(answer.body.error).toMatch(/^The body is not valid JSON: /);
        }
      }
    },
    CORPUS_MS,
  );

  test(
    'the same as a line of NDJSON is a fault of that record',
    async () => {
      const lines = JSON_TEXTS.filter(
        ({ name, input }) => name.startsWith('n_') && input.trim() !== '' && !/[\n\r]/.test(input),
      );
      for (const { input } of lines) {
        const answer = await refused(
          { path: path('/batch'), body: new TextEncoder().encode(input), headers: NDJSON },
          400,
          'invalid_record',
        );
        expect(answer.body.details?.[0]).toMatchObject({
          index: 0,
          path: '',
          message: expect.stringMatching(/^is not JSON: /),
        });
      }
    },
    CORPUS_MS,
  );

  test(
    'what every parser must accept is no record, and the answer says why',
    async () => {
      for (const { input } of JSON_TEXTS.filter(({ name }) => name.startsWith('y_'))) {
        const answer = await refused({ path: path(), body: input }, 400, 'invalid_record');
        expect(answer.body.details?.length).toBeGreaterThan(0);
      }
    },
    CORPUS_MS,
  );

  test(
    'what parsers may treat as they like never ends in a 5xx, neither as a body nor in a context',
    async () => {
      for (const { input } of JSON_TEXTS) {
        const bodies = [input, JSON.stringify(GOOD_RECORD).replace('{"source":"test"}', input)];
        for (const body of bodies) {
          const answer = await api.send({ path: path('?dry_run=true'), body: new TextEncoder().encode(body) });
          if (!(isObject(input) && answer.status === 200)) expect([200, 400]).toContain(answer.status);
        }
      }
    },
    CORPUS_MS,
  );
});

test('bytes that are not UTF-8 are malformed_json wherever they stand', async () => {
  const record = JSON.stringify({ ...GOOD_RECORD, country: '@' });
  for (const bytes of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82]]) {
    const body = Buffer.concat([
      Buffer.from(record.split('@')[0] ?? ''),
      Buffer.from(bytes),
      Buffer.from(record.split('@')[1] ?? ''),
    ]);
    await refused({ path: path(), body: new Uint8Array(body) }, 400, 'malformed_json');
  }
});

test('naughty strings are stored as they are, whatever SQL or markup they look like', async () => {
  const dataset = await api.addDataset();
  const { token } = await api.addKey({ project: dataset.project });
  const body = NAUGHTY_STRINGS.map((text) => ({ ...GOOD_RECORD, country: text, context: { [text]: text } }));
  const answer = await api.send({ path: `/datasets/${dataset.id}/batch?wait=stored`, key: token, body });
  expect(answer.status).toBe(200);
  expect(await dataset.values('country')).toEqual(NAUGHTY_STRINGS);
});

test(
  'naughty strings in headers, query strings and paths get a 4xx or are ignored',
  async () => {
    const requestsWith = (text: string): Sent[] => {
      const encoded = encodeURIComponent(text.toWellFormed());
      const requests: Sent[] = [
        { path: path(`?${encoded}=${encoded}`), body: GOOD_RECORD },
        { path: `/datasets/${encoded.slice(0, 2000)}x`, body: GOOD_RECORD },
        { method: 'GET', path: path(`/receipts/x${encoded.slice(0, 2000)}`) },
      ];
      if (!/^[\x20-\x7e]+$/.test(text)) return requests;
      const headers = { 'X-Request-Id': text, 'X-Loguro-Dataset-Id': text, 'Idempotency-Key': text, Prefer: text };
      requests.push({ path: path(), body: GOOD_RECORD, headers });
      requests.push({ path: path('?dry_run=true'), body: GOOD_RECORD, headers: { Origin: text } });
      return requests;
    };
    for (let i = 0; i < NAUGHTY_STRINGS.length; i += 20) {
      const requests = NAUGHTY_STRINGS.slice(i, i + 20).flatMap(requestsWith);
      const answers = await Promise.all(requests.map((request) => api.send(request)));
      for (const { status } of answers) expect(status < 500).toBe(true);
    }
  },
  CORPUS_MS,
);

test('a batch is all or nothing: one bad record, and none is accepted', async () => {
  const body = [...Array.from({ length: 400 }, () => GOOD_RECORD), { ...GOOD_RECORD, amount: null }];
  const answer = await refused({ path: path('/batch'), body }, 400, 'invalid_record');
  expect(answer.body.details).toEqual([{ index: 400, path: 'amount', message: 'must be a number, got null' }]);
  expect(answer.body.error).toContain('1 of 401 records');
});

test('at most a hundred faults are told, in the order of the records', async () => {
  const answer = await refused(
    { path: path('/batch'), body: Array.from({ length: 5000 }, () => ({})) },
    400,
    'invalid_record',
  );
  expect(answer.body.details).toHaveLength(100);
  expect(answer.body.details?.map(({ index }) => index).slice(0, 5)).toEqual([0, 0, 0, 0, 1]);
});

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
