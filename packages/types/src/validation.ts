import { Ajv, type ErrorObject } from 'ajv';
import { type ErrorDetail, MAX_ERROR_DETAILS } from './errors.js';
import { isTimestamp } from './timestamp.js';

/** Checks a value against one schema. */
export type Validator = (value: unknown) => ErrorDetail[];

/**
 * Turns the schemas of the contract into validators.
 *
 * @param components schemas that others refer to by `$id`
 */
export function createValidators(components: readonly object[]): { compile(schema: object): Validator } {
  const ajv = new Ajv({ allErrors: true, strict: true, strictTypes: false, allowUnionTypes: true });
  ajv.addFormat('date-time', { type: 'string', validate: isTimestamp });
  ajv.addFormat('uuid', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i);
  for (const component of components) ajv.addSchema(component);
  return {
    compile(schema) {
      const check = ajv.compile(schema);
      return (value) => (check(value) ? [] : toDetails(check.errors ?? []));
    },
  };
}

/** ajv's errors as ours: one per place, in words, without the noise of union branches. */
function toDetails(errors: readonly ErrorObject[]): ErrorDetail[] {
  const details = new Map<string, ErrorDetail>();
  const unions = errors.filter((error) => error.keyword === 'anyOf').map((error) => error.instancePath);
  for (const error of errors) {
    const path = toPath(error);
    const branch = unions.includes(error.instancePath) && error.keyword !== 'anyOf';
    if (branch || details.has(path)) continue;
    details.set(path, { path, message: toMessage(error, errors) });
    if (details.size === MAX_ERROR_DETAILS) break;
  }
  return [...details.values()];
}

/** `/where/1/op` as `where[1].op`; a missing or extra property is named itself. */
function toPath(error: ErrorObject): string {
  const parts = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const named = error.params.additionalProperty ?? error.params.missingProperty;
  if (typeof named === 'string') parts.push(named);
  return parts.map((part, i) => (/^\d+$/.test(part) ? `[${part}]` : i === 0 ? part : `.${part}`)).join('');
}

function toMessage(error: ErrorObject, all: readonly ErrorObject[]): string {
  switch (error.keyword) {
    case 'additionalProperties':
      return 'is not a known property';
    case 'required':
      return 'is required';
    case 'anyOf': {
      const branches = all.filter((other) => other.instancePath === error.instancePath);
      const allowed = branches
        .filter((other) => other.keyword === 'const')
        .map((other) => JSON.stringify(other.params.allowedValue));
      if (allowed.length > 0) return `must be one of ${allowed.join(', ')}`;
      const types = branches.filter((other) => other.keyword === 'type').map((other) => String(other.params.type));
      const fault = branches.find((other) => !['anyOf', 'type'].includes(other.keyword));
      if (fault !== undefined) return toMessage(fault, []);
      return `must be ${[...new Set(types)].join(' or ')}`;
    }
    case 'format':
      return error.params.format === 'date-time'
        ? 'must be an RFC 3339 timestamp with offset, such as 2026-06-10T10:00:00Z'
        : `must be a ${error.params.format}`;
    default:
      return error.message ?? 'is not valid';
  }
}
