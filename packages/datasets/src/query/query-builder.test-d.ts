// Checked by the compiler, never run: each line after @ts-expect-error must be an error, and nothing else may be.
import { defineDataset } from '../fields.js';
import { hasType } from '../testing/types.js';
import { avg, bucket, count, countDistinct, field, max, min, p95, sum } from './expressions.js';
import type { DatasetQueryClient } from './query-client.js';

declare const client: DatasetQueryClient;
const orders = defineDataset({
  country: 'string',
  amount: 'number',
  plan: 'string?',
  discount: 'number?',
  paid: 'boolean',
  signup_at: 'timestamp',
});
const query = client.from(13, orders);

export async function rowsAreTypedFromTheSelectList() {
  const [row] = await query.select('country', 'plan', 'amount', 'paid', 'signup_at', 'timestamp', 'context').rows();
  if (row === undefined) return;
  hasType<{
    country: string;
    plan: string | null;
    amount: number;
    paid: boolean;
    signup_at: string;
    timestamp: string;
    context: Record<string, unknown>;
  }>()(row, true);
  // @ts-expect-error a column that was not selected
  row.discount;
}

export async function aggregatesAreTypedByFieldAndGrouping() {
  const grouped = query.select(
    'country',
    count().as('orders'),
    avg('amount'),
    sum('discount'),
    max('signup_at'),
    min('plan'),
  );
  const [row] = await grouped.groupBy('country').rows();
  if (row === undefined) return;
  hasType<{
    country: string;
    orders: number;
    avg_amount: number;
    sum_discount: number | null;
    max_signup_at: string;
    min_plan: string | null;
  }>()(row, true);
  // @ts-expect-error the column has the name it was given
  row.count;

  const [total] = await query.select(count(), sum('amount'), countDistinct('country'), p95('amount').as('slow')).rows();
  if (total === undefined) return;
  // Without group keys there is one row even for no records at all.
  hasType<{ count: number; sum_amount: number | null; count_distinct_country: number; slow: number | null }>()(
    total,
    true,
  );
}

export async function bucketsAreColumnsByThemselves() {
  const day = bucket('day', { timezone: 'Europe/Bucharest' });
  const [row] = await query.select(sum('amount').as('revenue')).groupBy(day, 'country').rows();
  if (row === undefined) return;
  hasType<{ day: string; revenue: number }>()(row, true);

  const [filled] = await query.select(sum('amount')).groupBy(bucket('hour').as('at')).fill().rows();
  if (filled === undefined) return;
  // A bucket without records has no sum.
  hasType<{ at: string; sum_amount: number | null }>()(filled, true);

  const [named] = await query.select(bucket('week'), count()).groupBy('week').orderBy('week').rows();
  if (named === undefined) return;
  hasType<{ week: string; count: number }>()(named, true);
}

export async function withoutSelectAQueryCounts() {
  const total = await query.first();
  if (total !== undefined) hasType<{ count: number }>()(total, true);
  const byPlan = await query.groupBy('plan').first();
  if (byPlan !== undefined) hasType<{ plan: string | null; count: number }>()(byPlan, true);
}

export async function everyWayOfReadingHasTheSameRows() {
  const chosen = query.select('country', field('amount').as('price'));
  for await (const row of chosen) hasType<{ country: string; price: number }>()(row, true);
  for await (const row of chosen.stream()) hasType<{ country: string; price: number }>()(row, true);
  for await (const page of chosen.pages()) hasType<{ country: string; price: number }[]>()(page.rows, true);
  hasType<{ country: string; price: number }[]>()((await chosen.run()).rows, true);
}

export function misspeltFieldsAreErrors() {
  // @ts-expect-error no such field
  query.select('contry');
  // @ts-expect-error no such field
  query.select(avg('amuont'));
  // @ts-expect-error no such field
  query.where('contry', '=', 'RO');
  // @ts-expect-error no such field
  query.groupBy('contry');
  // @ts-expect-error no such field
  query.orderBy('contry');
  // @ts-expect-error no such field
  query.where(({ is }) => is('contry', '=', 'RO'));
  // @ts-expect-error no such column
  query.select(count().as('orders')).groupBy('country').having('order', '>', 10);
  // @ts-expect-error no such bucket
  query.select(bucket('decade'));
}

export function operatorsMustFitTheType() {
  query.where('country', 'contains', 'R').where('amount', '>=', 10).where('paid', '=', true);
  query.where('plan', 'is_null').where('country', 'in', ['RO', 'DE']).where('signup_at', '<', new Date());
  query.where('timestamp', '>', '2026-06-01T00:00:00Z').where('plan', '!=', null);
  // @ts-expect-error a string operator on a number
  query.where('amount', 'contains', '4');
  // @ts-expect-error a string operator on a timestamp
  query.where('signup_at', 'starts_with', '2026');
  // @ts-expect-error booleans have no order
  query.where('paid', '>', false);
  // @ts-expect-error a string is not a number
  query.where('amount', '=', '42');
  // @ts-expect-error a number is not a string
  query.where('country', '=', 42);
  // @ts-expect-error "in" takes a list
  query.where('country', 'in', 'RO');
  // @ts-expect-error "=" takes one value
  query.where('country', '=', ['RO']);
  // @ts-expect-error "is_null" takes none
  query.where('plan', 'is_null', true);
  // @ts-expect-error "=" takes a value
  query.where('plan', '=');
  // @ts-expect-error null has no order
  query.where('amount', '>', null);
  // @ts-expect-error there is no such operator
  query.where('amount', '==', 1);
}

export function groupsOfConditionsAreCheckedToo() {
  query.where(({ is, or, not, and }) =>
    or(is('plan', '=', 'pro'), and(is('amount', '>', 20), not(is('paid', '=', true)))),
  );
  // @ts-expect-error a string operator on a number
  query.where(({ is, or }) => or(is('amount', 'contains', '4')));
}

export function aggregatesMustFitTheType() {
  query.select(min('country'), max('amount'), min('timestamp'), count('plan'), countDistinct('paid'));
  // @ts-expect-error the mean of strings
  query.select(avg('country'));
  // @ts-expect-error the sum of timestamps
  query.select(sum('signup_at'));
  // @ts-expect-error booleans have no least
  query.select(min('paid'));
  // @ts-expect-error a percentile of strings
  query.select(p95('plan'));
  // @ts-expect-error a bucket of numbers
  query.groupBy(bucket('day', { field: 'amount' }));
  query.groupBy(bucket('day', { field: 'signup_at' }));
}

export function contextCanOnlyBeSelected() {
  query.select('context');
  // @ts-expect-error not filtered
  query.where('context', '=', 'x');
  // @ts-expect-error not grouped
  query.groupBy('context');
  // @ts-expect-error not aggregated
  query.select(count('context'));
}

export function havingIsCheckedByColumn() {
  const grouped = query.select('country', count().as('orders'), max('country').as('last')).groupBy('country');
  grouped.having('orders', '>', 10).having(avg('amount'), '<', 3).having('country', 'starts_with', 'R');
  grouped.having(({ is, or }) => or(is('orders', '>', 10), is('last', 'contains', 'O')));
  // @ts-expect-error a string operator on a count
  grouped.having('orders', 'contains', '1');
  // @ts-expect-error a count is a number
  grouped.having('orders', '>', '10');
  // @ts-expect-error a string operator on a mean
  grouped.having(avg('amount'), 'contains', '1');
}

export function theOrderNamesColumnsFieldsOrExpressions() {
  const grouped = query.select('country', count().as('orders')).groupBy('country');
  grouped.orderBy('orders', 'desc').orderBy('country').orderBy(avg('amount'));
  // @ts-expect-error no such direction
  grouped.orderBy('orders', 'down');
  // @ts-expect-error neither a column nor a field
  grouped.orderBy('count');
}

export async function withoutADefinitionAnyNameGoes() {
  const [row] = await client
    .from(13)
    .select('anything', avg('whatever').as('mean'))
    .where('plan', 'contains', 'p')
    .rows();
  if (row === undefined) return;
  hasType<string | number | boolean | null>()(row.anything, true);
  // @ts-expect-error but what was not selected is not there
  row.other;
}

export async function aTailIsTyped() {
  for await (const row of query.select('country', field('amount').as('sum')).where('paid', '=', true).tail())
    hasType<{ country: string; sum: number }>()(row, true);
  for await (const row of query.tail()) {
    hasType<string | null>()(row.plan, true);
    hasType<Record<string, unknown>>()(row.context, true);
    // @ts-expect-error no such field
    row.plans;
  }
}
