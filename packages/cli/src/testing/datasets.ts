import type { Workspace } from './workspace.js';

/** The schema of a dataset unless the test gives another. */
export const FIELDS = { country: 'string', amount: 'number', plan: 'string?', active: 'boolean?', at: 'timestamp?' };
/** Flags of a query for whatever was stored. */
export const ALWAYS = ['--from', '2000-01-01', '--to', '2100-01-01'];

/** A dataset with a schema; the name is its slug. */
export async function createDataset(
  loguro: Workspace,
  slug: string,
  fields: Record<string, string> = FIELDS,
): Promise<number> {
  const { dataset } = await loguro.json<{ dataset: { id: number } }>(['datasets', 'create', slug]);
  await loguro.json(['schema', 'register', slug, '-'], { stdin: JSON.stringify(fields) });
  return dataset.id;
}

/** How many records it holds. */
export async function countOf(loguro: Workspace, slug: string): Promise<number> {
  const answer = await loguro.json<{ rows: { count: number }[] }>(['query', slug, ...ALWAYS]);
  return answer.rows[0]?.count ?? Number.NaN;
}

/** The time of the i-th record. */
export const at = (i: number) => new Date(Date.UTC(2026, 5, 1) + i * 1000).toISOString();

/** Records from one number to before another, a line each. */
export const ndjson = (from: number, to: number) =>
  Array.from(
    { length: to - from },
    (_, i) => `${JSON.stringify({ timestamp: at(from + i), country: 'RO', amount: from + i })}\n`,
  ).join('');
