import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { JSON_TEXTS, NAUGHTY_STRINGS } from '../testing/corpora.js';
import { refused as mustRefuse } from '../testing/refused.js';
import { GOOD_RECORD, type Sent, startTestApi, type TestApi } from '../testing/test-api.js';

const NDJSON = { 'Content-Type': 'application/x-ndjson' };
/** For a whole corpus, a request for each of its texts, on a machine that is busy with other tests. */
const CORPUS_MS = 120_000;

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  await api.bench.startWorker();
});
afterAll(() => api.close());

const path = (rest = '') => `/datasets/${api.dataset.id}${rest}`;

const refused = (request: Sent, status: number, code: string) => mustRefuse(api, request, status, code);

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
