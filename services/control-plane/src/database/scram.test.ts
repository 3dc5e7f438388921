import { expect, test } from '@jest/globals';
import { scramVerifier } from './scram.js';

test('the verifier is the one of the example in RFC 7677 §3', () => {
  // Salt, iterations and password of the RFC's exchange; its stored and server keys follow from them.
  const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
  expect(scramVerifier('pencil', salt)).toBe(
    'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
  );
});

test('the verifier never holds the password, and differs each time', () => {
  const password = 'correct horse battery staple';
  expect(scramVerifier(password)).not.toContain(password);
  expect(scramVerifier(password)).not.toBe(scramVerifier(password));
});
