import { describe, expect, test } from '@jest/globals';
import { finishRequestHeaders, readRequestHeaders } from './request-headers.js';

const HOP = {
  authority: 'logu.ro:8080',
  requestId: 'r-1',
  peerAddress: '203.0.113.9',
  protocol: 'http',
  httpVersion: '1.1',
} as const;

function forwarded(raw: string[], trusted = false): [string, string][] {
  const flat = finishRequestHeaders(readRequestHeaders(raw, trusted), HOP);
  const pairs: [string, string][] = [];
  for (let i = 0; i < flat.length; i += 2) pairs.push([flat[i] as string, flat[i + 1] as string]);
  return pairs;
}

const OURS = [
  ['host', 'logu.ro:8080'],
  ['x-request-id', 'r-1'],
  ['x-forwarded-for', '203.0.113.9'],
  ['x-forwarded-proto', 'http'],
  ['x-forwarded-host', 'logu.ro:8080'],
  ['via', '1.1 loguro-gateway'],
];

describe('the headers a service gets', () => {
  test('end-to-end headers arrive in their order, repeated ones included', () => {
    const raw = ['Accept', 'a', 'Authorization', 'Bearer t', 'Accept', 'b'];
    expect(forwarded(raw)).toEqual([['accept', 'a'], ['authorization', 'Bearer t'], ['accept', 'b'], ...OURS]);
  });

  test('hop-by-hop headers stay here, in any spelling', () => {
    const raw = 'Connection,TE,Trailer,Upgrade,keep-alive,PROXY-CONNECTION,HTTP2-Settings,Expect'
      .split(',')
      .flatMap((name) => [name, 'x']);
    expect(forwarded(raw)).toEqual(OURS);
  });

  test('headers that Connection names stay here', () => {
    const raw = ['X-Secret', '1', 'Connection', 'close, X-SECRET', 'X-Kept', '2', 'Connection', 'other', 'Other', '3'];
    expect(forwarded(raw)).toEqual([['x-kept', '2'], ...OURS]);
  });

  test('Connection can not remove what the gateway says', () => {
    const raw = ['Connection', 'x-forwarded-for, host, x-request-id, content-length'];
    expect(forwarded(raw)).toEqual(OURS);
  });

  test('what a stranger says about its origin is replaced', () => {
    const raw = [
      ['X-Forwarded-For', '6.6.6.6'],
      ['X-Forwarded-Proto', 'https'],
      ['X-Forwarded-Host', 'evil.example'],
      ['X-Forwarded-Port', '1'],
      ['Forwarded', 'for=6.6.6.6'],
      ['X-Real-IP', '6.6.6.6'],
    ].flat();
    expect(forwarded(raw)).toEqual(OURS);
  });

  test('what a trusted proxy says is kept, and the proxy itself added', () => {
    const raw = [
      ['X-Forwarded-For', '6.6.6.6'],
      ['X-Forwarded-For', '7.7.7.7'],
      ['X-Forwarded-Proto', 'https'],
      ['X-Forwarded-Host', 'logu.ro'],
      ['Via', '1.1 edge'],
    ].flat();
    expect(forwarded(raw, true)).toEqual([
      ['host', 'logu.ro:8080'],
      ['x-request-id', 'r-1'],
      ['x-forwarded-for', '6.6.6.6, 7.7.7.7, 203.0.113.9'],
      ['x-forwarded-proto', 'https'],
      ['x-forwarded-host', 'logu.ro'],
      ['via', '1.1 edge, 1.1 loguro-gateway'],
    ]);
  });

  test('facts are read for routing and framing', () => {
    const raw = [
      'Host',
      'a',
      'host',
      'b',
      'Content-Length',
      '7',
      'Transfer-Encoding',
      'gzip',
      'TRANSFER-ENCODING',
      'x',
    ];
    const read = readRequestHeaders(raw, false);
    expect(read.hosts).toEqual(['a', 'b']);
    expect(read.contentLength).toBe(7);
    expect(read.transferEncoding).toBe('gzip, x');
    expect(read.requestId).toBeUndefined();
  });

  test('a request id sent twice is none', () => {
    expect(readRequestHeaders(['X-Request-Id', 'a', 'x-request-id', 'b'], false).requestId).toEqual([]);
  });

  test('strangers can not grow the memory of spellings without bound', () => {
    for (let i = 0; i < 5000; i += 1) readRequestHeaders([`X-Stranger-${i}`, ''], false);
    expect(forwarded(['TE', 'x', 'Accept', 'y'])).toEqual([['accept', 'y'], ...OURS]);
  });
});
