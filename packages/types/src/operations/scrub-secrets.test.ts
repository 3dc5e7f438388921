import { expect, test } from '@jest/globals';
import { generatePat } from '../credentials.js';
import { scrubSecrets } from './scrub-secrets.js';

const pat = generatePat();
const jwt = 'eyJhbGciOiJFUzI1NiIsImtpZCI6IjEifQ.eyJwcm9qZWN0IjoxfQ.c2lnbmF0dXJlLXNpZ25hdHVyZQ';

test.each([
  ['a token in a path', `/api/datasets/${pat}/13`, '/api/datasets/[redacted]/13'],
  ['a mistyped token', `token ${pat.slice(0, -3)}!`, 'token [redacted]!'],
  ['a project key', `key=${jwt}&x=1`, 'key=[redacted]&x=1'],
  ['a header', '{"authorization":"Bearer abcdef123456"}', '{"authorization":"Bearer [redacted]"}'],
  ['an encoded header', '/x?a=Bearer%20abcdef123456', '/x?a=Bearer%20[redacted]'],
  ['a database URL', 'to postgres://u:hunter2@db:5432/x failed', 'to postgres://[redacted]@db:5432/x failed'],
  ['an encoded token', `/x/${pat.replace('_', '%5F')}`, '/x/[redacted]'],
  ['an encoded project key', `/x/${jwt.replaceAll('.', '%2E')}/y`, '/x/[redacted]/y'],
  ['an encoded URL', '/x/https%3A%2F%2Fu%3Ahunter2%40host%2Fy', '/x/https%3A%2F%2F[redacted]%40host%2Fy'],
  ['a password with @ and / in it', 'redis://:p@ss/w0rd@cache/0 is odd', 'redis://[redacted]@cache/0 is odd'],
])('%s is struck', (_what, text, clean) => {
  expect(scrubSecrets(text)).toBe(clean);
});

test.each([
  'https://logu.ro/api/datasets and mailto:someone@example.com',
  '{"path":"/datasets/13","upstream":"http://127.0.0.1:8081","email":"a@example.com"}',
  'path_to_something pattern_matching patient',
])('what holds no secret stays as it is: %s', (text) => {
  expect(scrubSecrets(text)).toBe(text);
});

test.each(['://a:', '://a%3A', '%3A%2F%2F', '%3A', 'eyJ', 'eyJ%2E', 'Bearer ', 'http://u:p', 'Bearer%20', 'pat_'])(
  'the longest line that a client can provoke is scrubbed within milliseconds: %s repeated',
  (piece) => {
    const line = piece.repeat(64 * 1024).slice(0, 64 * 1024);
    const started = performance.now();
    scrubSecrets(line);
    // Linear takes about 10 ms on a slow machine; anything that grows faster takes minutes.
    expect(performance.now() - started).toBeLessThan(2000);
  },
);

test('a line of JSON stays JSON', () => {
  const line = { a: `x ${pat}`, b: 'postgres://u:p', c: `say "Bearer ${jwt}"`, d: 'at@home' };
  expect(JSON.parse(scrubSecrets(JSON.stringify(line)))).toEqual({
    a: 'x [redacted]',
    b: 'postgres://u:p',
    c: 'say "Bearer [redacted]"',
    d: 'at@home',
  });
});
