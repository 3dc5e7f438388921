import type { ErrorObject } from 'ajv';
import { FIELD_NAME_PATTERN } from './dataset.js';
import { insteadOf } from './nearest-name.js';
import { meantConstant } from './other-words.js';

/** As much of a schema as sentences are made of. */
export interface SchemaNode {
  $ref?: string;
  items?: SchemaNode;
  properties?: Record<string, unknown>;
  anyOf?: readonly SchemaNode[];
  type?: string;
  /** Values that fit; shown to whoever sent one of another kind. */
  examples?: readonly unknown[];
}

/** Something that is wrong with a value. */
export interface FoundFault {
  error: ErrorObject;
  /** The union in which it stands, when its value was taken for one branch of that. */
  union: ErrorObject | undefined;
  /** All that is wrong. */
  others: readonly ErrorObject[];
}

/** What is looked up by `$id`. */
type SchemaOf = ($ref: string) => SchemaNode | undefined;

const KINDS: Record<string, string> = {
  string: 'a string',
  number: 'a number',
  integer: 'an integer',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
  null: 'null',
};
/** What can stand as a field where an example has one. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/;

/** Says what is wrong, and where it can be told, what to write instead. */
export function sentenceFor({ error, union, others }: FoundFault, schemaOf: SchemaOf): string {
  const schema = error.parentSchema as SchemaNode;
  const { params } = error;
  switch (error.keyword) {
    case 'additionalProperties':
      return `is not a known property${insteadOf(params.additionalProperty, Object.keys(schema.properties ?? {}))}`;
    case 'required':
      return `is required${orJustTheName(error, union)}`;
    case 'type':
      return `must be ${kindOf(params.type)}${suchAs(schema, error.data, schemaOf)}`;
    case 'anyOf':
      return `must be ${alternatives(error, others)}${suchAs(schema, error.data, schemaOf)}`;
    case 'format':
      return params.format === 'date-time'
        ? 'must be an RFC 3339 timestamp with offset, such as 2026-06-10T10:00:00Z'
        : `must be a ${params.format}`;
    case 'pattern':
      if (params.pattern !== FIELD_NAME_PATTERN) return error.message ?? 'is not valid';
      return 'must be a name: letters, digits and "_", not a digit first, 63 at the most';
    case 'minItems':
    case 'minProperties':
      return params.limit === 1 ? 'must not be empty' : `must have at least ${params.limit} entries`;
    case 'maxItems':
      return `must not have more than ${params.limit} entries`;
    case 'minLength':
      return params.limit === 1 ? 'must not be empty' : `must have at least ${params.limit} characters`;
    case 'maxLength':
      return `must not have more than ${params.limit} characters`;
    case 'minimum':
      return `must be ${params.limit} or more`;
    case 'maximum':
      return `must be ${params.limit} or less`;
    default:
      return error.message ?? 'is not valid';
  }
}

function kindOf(type: unknown): string {
  const types = Array.isArray(type) ? (type as string[]) : [String(type)];
  return types.map((name) => KINDS[name] ?? name).join(' or ');
}

/** The constants of a union, else the kinds of its branches. */
function alternatives(union: ErrorObject, errors: readonly ErrorObject[]): string {
  const branches = errors.filter(
    (error) => error.instancePath === union.instancePath && error.schemaPath.startsWith(`${union.schemaPath}/`),
  );
  const constants = branches.filter(({ keyword }) => keyword === 'const').map(({ params }) => params.allowedValue);
  if (constants.length > 0) {
    const meant = meantConstant(union.data, constants);
    const hint = meant === undefined ? '' : `; did you mean ${JSON.stringify(meant)}?`;
    return `one of ${constants.map((value) => JSON.stringify(value)).join(', ')}${hint}`;
  }
  const kinds = branches.filter(({ keyword }) => keyword === 'type').map(({ params }) => kindOf(params.type));
  return [...new Set(kinds)].join(' or ');
}

/** `{ "field": "country" }` where a name alone would do. */
function orJustTheName(error: ErrorObject, union: ErrorObject | undefined): string {
  const { field } = error.data as { field?: unknown };
  const branches = (union?.parentSchema as SchemaNode | undefined)?.anyOf ?? [];
  if (typeof field !== 'string' || !branches.some(({ type }) => type === 'string')) return '';
  return `; a field alone is written as its name: ${JSON.stringify(field)}`;
}

/** An example of what was expected, with the name that was sent in it where it was a name. */
function suchAs(schema: SchemaNode, data: unknown, schemaOf: SchemaOf): string {
  const examples = examplesFor(schema, data, schemaOf);
  return examples.length === 0 ? '' : ` such as ${examples.map((example) => JSON.stringify(example)).join(' or ')}`;
}

function examplesFor(schema: SchemaNode, data: unknown, schemaOf: SchemaOf): unknown[] {
  if (schema.$ref !== undefined) {
    const named = schemaOf(schema.$ref);
    return named === undefined ? [] : examplesFor(named, data, schemaOf);
  }
  const [first, ...rest] = schema.examples ?? [];
  if (first === undefined) {
    const items = schema.items === undefined ? [] : examplesFor(schema.items, data, schemaOf).slice(0, 1);
    return items.length === 0 ? [] : [items];
  }
  if (typeof data !== 'string' || !NAME.test(data)) return [first, ...rest];
  if (typeof first === 'string') return [data];
  return typeof first === 'object' && first !== null && 'field' in first
    ? [{ ...first, field: data }]
    : [first, ...rest];
}
