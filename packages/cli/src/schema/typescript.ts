import type { Fields } from '@loguro/types';

/**
 * A TypeScript module with the dataset's definition and the type of its records, for the SDK.
 *
 * @param slug names the constant (`web-orders` → `webOrders`) and the type (`WebOrdersRecord`)
 */
export function toTypeScript(dataset: { id: number; name: string; slug: string }, fields: Fields): string {
  const pascal = dataset.slug
    .split(/[^A-Za-z0-9]+/)
    .filter((part) => part !== '')
    .map((part) => part[0]?.toUpperCase() + part.slice(1))
    .join('');
  const safe = /^[A-Za-z]/.test(pascal) ? pascal : `Dataset${pascal}`;
  const constant = safe[0]?.toLowerCase() + safe.slice(1);
  const lines = Object.entries(fields).map(([name, type]) => `  ${name}: '${type}',`);
  return `import { defineDataset, type RecordOf } from '@loguro/datasets';

/** Dataset ${dataset.id}, ${JSON.stringify(dataset.name).replaceAll('*/', '*\\/')}. Written by: loguro schema types ${dataset.slug} */
export const ${RESERVED.has(constant) ? `${constant}Dataset` : constant} = defineDataset({
${lines.join('\n')}
});

export type ${safe}Record = RecordOf<typeof ${RESERVED.has(constant) ? `${constant}Dataset` : constant}>;
`;
}

/** Words that can't name a constant (ECMA-262 §12.7.2, in modules). */
const RESERVED = new Set(
  (
    'arguments await break case catch class const continue debugger default delete do else enum eval export extends ' +
    'false finally for function if implements import in instanceof interface let new null package private protected ' +
    'public return static super switch this throw true try typeof var void while with yield'
  ).split(' '),
);
