import { expect, test } from '@jest/globals';
import { sqlState } from './sql-state.js';

const withCause = (cause: unknown) => new Error('wrapped', { cause });
const prisma = (cause: object) =>
  Object.assign(new Error('x'), { code: 'P2010', meta: { driverAdapterError: { cause } } });

test.each([
  [Object.assign(new Error('x'), { code: '55P03' }), '55P03'],
  [withCause(Object.assign(new Error('x'), { code: '23505' })), '23505'],
  [prisma({ originalCode: '40P01', kind: 'TransactionWriteConflict' }), '40P01'],
  [prisma({ kind: 'postgres', code: '55P03' }), '55P03'],
  [Object.assign(new Error('x'), { code: 'P0001' }), 'P0001'],
  [Object.assign(new Error('x'), { code: 'P2002' }), null],
  [Object.assign(new Error('x'), { code: 'EPIPE' }), null],
  [Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), null],
  [new Error('x'), null],
  [undefined, null],
  ['55P03', null],
])('%o has the SQLSTATE %j', (thrown, state) => {
  expect(sqlState(thrown)).toBe(state);
});
