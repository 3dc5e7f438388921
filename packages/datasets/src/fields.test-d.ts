// Checked by the compiler, never run: each line after @ts-expect-error must be an error, and nothing else may be.
import { defineDataset, type RecordOf } from './fields.js';
import { sameType } from './testing/types.js';

const orders = defineDataset({
  country: 'string',
  amount: 'number',
  paid: 'boolean',
  at: 'timestamp',
  plan: 'string?',
});
type Order = RecordOf<typeof orders>;

sameType<
  Order,
  {
    timestamp?: string | Date;
    context?: Readonly<Record<string, unknown>>;
    country: string;
    amount: number;
    paid: boolean;
    at: string | Date;
    plan?: string | null | undefined;
  }
>(true);

export const complete: Order = {
  country: 'RO',
  amount: 1,
  paid: true,
  at: new Date(),
  plan: null,
  context: { a: [1] },
};
// @ts-expect-error a required field is missing
export const missing: Order = { country: 'RO', amount: 1, paid: true };
// @ts-expect-error a required field is null
export const empty: Order = { country: null, amount: 1, paid: true, at: new Date() };
// @ts-expect-error an undeclared field
export const more: Order = { country: 'RO', amount: 1, paid: true, at: new Date(), extra: 1 };
// @ts-expect-error a string is not a number
export const wrong: Order = { country: 'RO', amount: '1', paid: true, at: new Date() };

// @ts-expect-error no such type
defineDataset({ country: 'text' });
// @ts-expect-error part of every record already
defineDataset({ timestamp: 'timestamp' });
// @ts-expect-error part of every record already
defineDataset({ context: 'string' });
// @ts-expect-error reserved
defineDataset({ __trace: 'string' });
