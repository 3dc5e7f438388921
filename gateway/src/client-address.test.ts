import { expect, test } from '@jest/globals';
import { clientOrigin } from './client-address.js';
import { parseTrustedProxies } from './trusted-proxies.js';

const isTrusted = parseTrustedProxies(['10.0.0.1', '10.0.0.2']);

test.each([
  ['nobody in between', '203.0.113.7', undefined, '203.0.113.7', undefined],
  ['one proxy', '10.0.0.1', '203.0.113.7', '203.0.113.7', '203.0.113.7'],
  ['two proxies', '10.0.0.1', '203.0.113.7, 10.0.0.2', '203.0.113.7', '203.0.113.7, 10.0.0.2'],
  ['a client that makes up who it stands in for', '10.0.0.1', '6.6.6.6, 203.0.113.7', '203.0.113.7', '203.0.113.7'],
  [
    'one that claims to be a trusted proxy itself',
    '10.0.0.1',
    '6.6.6.6, 10.0.0.2, 203.0.113.7',
    '203.0.113.7',
    '203.0.113.7',
  ],
  ['one inside our network', '10.0.0.1', '6.6.6.6, 10.5.5.5', '10.5.5.5', '10.5.5.5'],
  ['what is no address', '10.0.0.1', '6.6.6.6, unknown', '10.0.0.1', undefined],
  ['a client that hides behind nonsense', '10.0.0.1', 'x, 203.0.113.7', '203.0.113.7', '203.0.113.7'],
  ['a proxy that says nothing', '10.0.0.1', '', '10.0.0.1', undefined],
  ['IPv6', '::ffff:10.0.0.1', '6.6.6.6, 2001:db8::7', '2001:db8::7', '2001:db8::7'],
])('%s', (_what, peer, header, address, forwardedFor) => {
  expect(clientOrigin(peer, header, isTrusted)).toEqual({ address, forwardedFor });
});
