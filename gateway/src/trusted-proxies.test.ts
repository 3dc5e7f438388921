import { describe, expect, test } from '@jest/globals';
import { parseTrustedProxies } from './trusted-proxies.js';

describe('parseTrustedProxies', () => {
  test('nobody is trusted without entries', () => {
    expect(parseTrustedProxies([])('127.0.0.1')).toBe(false);
  });

  test('addresses, networks and words are understood, for IPv4 and IPv6', () => {
    const isTrusted = parseTrustedProxies(['10.0.0.0/8', '192.0.2.7', 'loopback', '2001:db8::/32']);
    for (const address of ['10.1.2.3', '::ffff:10.1.2.3', '192.0.2.7', '127.0.0.1', '::1', '2001:db8::5']) {
      expect([address, isTrusted(address)]).toEqual([address, true]);
    }
    for (const address of ['11.0.0.1', '192.0.2.8', '2001:db9::5', '::ffff:11.0.0.1', 'nonsense', undefined]) {
      expect([address, isTrusted(address)]).toEqual([address, false]);
    }
  });

  test.each(['true', '10.0.0.0/33', '10.0.0.0/8/8', '10.0.0.0/', '::1/129', 'proxy.example'])(
    '"%s" is refused',
    (entry) => {
      expect(() => parseTrustedProxies([entry])).toThrow(entry);
    },
  );
});
