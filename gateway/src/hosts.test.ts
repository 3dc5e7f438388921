import { describe, expect, test } from '@jest/globals';
import { HostTable, normaliseHost } from './hosts.js';

describe('normaliseHost', () => {
  test.each([
    ['logu.ro', 'logu.ro'],
    ['LOGU.ro:8080', 'logu.ro'],
    ['logu.ro.', 'logu.ro'],
    ['logu.ro.:443', 'logu.ro'],
    ['logu.ro:', 'logu.ro'],
    ['127.0.0.1:8080', '127.0.0.1'],
    ['[::1]:8080', '[::1]'],
    ['under_score.example', 'under_score.example'],
  ])('reads %s as %s', (text, host) => {
    expect(normaliseHost(text)).toBe(host);
  });

  test.each([
    '',
    '.',
    'logu.ro..',
    'logu.ro/api',
    'a@logu.ro',
    'logu.ro:port',
    'logu.ro:123456',
    'logu ro',
    'logu.ro, evil.example',
    '::1',
    '[::1',
    'x'.repeat(256),
  ])('finds no host in "%s"', (text) => {
    expect(normaliseHost(text)).toBeNull();
  });
});

describe('HostTable', () => {
  const table = new HostTable({ control: ['logu.ro', 'LOCALHOST.'], ingest: ['ingest.logu.ro'] });

  test('a host stands for its surface in any spelling and with any port', () => {
    expect(table.match('logu.ro')).toBe('control');
    expect(table.match('Localhost:8080')).toBe('control');
    expect(table.match('INGEST.LOGU.RO.:1')).toBe('ingest');
  });

  test('what is on no list is unknown, and what is no host is invalid', () => {
    expect(table.match('evil.example')).toBe('unknown');
    expect(table.match('x.logu.ro')).toBe('unknown');
    expect(table.match('logu.ro/x')).toBe('invalid');
  });

  test('a stranger can not make it forget or mix up our hosts', () => {
    for (let port = 1; port < 5000; port += 1) expect(table.match(`logu.ro:${port}`)).toBe('control');
    expect(table.match('ingest.logu.ro')).toBe('ingest');
  });

  test('a host on both lists is refused', () => {
    expect(() => new HostTable({ control: ['a.example'], ingest: ['A.example.'] })).toThrow('on both host lists');
  });

  test('an entry that is no host is refused', () => {
    expect(() => new HostTable({ control: ['http://a.example'], ingest: [] })).toThrow('is not a host name');
  });
});
