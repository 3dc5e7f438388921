import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { type ErrorDetail, MAX_ERROR_DETAILS } from './errors.js';
import { isTimestamp } from './timestamp.js';
import { type FoundFault, type SchemaNode, sentenceFor } from './validation-sentences.js';

/** Checks a value against one schema. */
export type Validator = (value: unknown) => ErrorDetail[];

/** Of a path, in characters: names of properties come from the client and may be as long as a body. */
const PATH_LENGTH = 200;

/** Values of more nodes than this are told their first fault alone: all of them can be a hundred times the value. */
const NODES_READ = 2000;
/** Of ajv's errors; more than the first hundred places take, each of which has two dozen where a union lists constants. */
const ERRORS_READ = 4000;

/**
 * Turns the schemas of the contract into validators.
 *
 * A good value is checked once. Only for a bad one everything that is wrong is gathered, within bounds: whoever sends
 * a body full of faults must not keep the process from everyone else.
 *
 * @param components schemas that others refer to by `$id`
 */
export function createValidators(components: readonly object[]): { compile(schema: object): Validator } {
  const first = createAjv(components, false);
  const all = createAjv(components, true);
  const schemaOf = ($ref: string) => first.getSchema($ref)?.schema as SchemaNode | undefined;
  return {
    compile(schema) {
      // When they are first needed: a start would wait for schemas that it may never meet.
      let check: ValidateFunction | undefined;
      let checkAll: ValidateFunction | undefined;
      return (value) => {
        check ??= first.compile(schema);
        if (check(value)) return [];
        if (hasMoreNodes(value, NODES_READ)) return toDetails(check.errors ?? [], schemaOf);
        checkAll ??= all.compile(schema);
        checkAll(value);
        return toDetails((checkAll.errors ?? []).slice(0, ERRORS_READ), schemaOf);
      };
    },
  };
}

function createAjv(components: readonly object[], allErrors: boolean): Ajv {
  const ajv = new Ajv({
    allErrors,
    // Each error comes with the value and the schema at fault, which is what sentences are made of.
    verbose: true,
    strict: true,
    strictTypes: false,
    allowUnionTypes: true,
    // They are ours, and a test holds them to JSON Schema: a start need not.
    validateSchema: false,
  });
  ajv.addFormat('date-time', { type: 'string', validate: isTimestamp });
  ajv.addFormat('uuid', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i);
  for (const component of components) ajv.addSchema(component);
  return ajv;
}

/** Whether a value has more values in it than that, itself included. */
function hasMoreNodes(value: unknown, most: number): boolean {
  const open = [value];
  for (let nodes = 0; open.length > 0; nodes++) {
    if (nodes === most) return true;
    const next = open.pop();
    if (typeof next !== 'object' || next === null) continue;
    const inside: unknown[] = Array.isArray(next) ? next : Object.values(next);
    if (nodes + open.length + inside.length >= most) return true;
    open.push(...inside);
  }
  return false;
}

/** ajv's errors as ours: one per place, in words, without the noise of union branches. */
function toDetails(errors: readonly ErrorObject[], schemaOf: ($ref: string) => SchemaNode | undefined): ErrorDetail[] {
  const details = new Map<string, ErrorDetail>();
  for (const fault of readUnions(errors)) {
    const path = toPath(fault.error);
    if (details.has(path)) continue;
    details.set(path, { path, message: sentenceFor(fault, schemaOf) });
    if (details.size === MAX_ERROR_DETAILS) break;
  }
  return [...details.values()];
}

/**
 * A value that fits no branch of a union breaks all of them. Where its kind tells which one was meant, an object among
 * strings say, what is wrong with that one is told; else that it is none of them.
 */
function readUnions(errors: readonly ErrorObject[]): FoundFault[] {
  const dropped = new Set<ErrorObject>();
  const within = new Map<ErrorObject, ErrorObject>();
  for (const union of errors.filter(({ keyword }) => keyword === 'anyOf')) {
    const branches = branchesOf(union, errors);
    const meant = branches.filter((branch) => !branch.some((error) => isOfKind(error, union)));
    const [only] = meant;
    if (only === undefined || meant.length > 1) for (const error of branches.flat()) dropped.add(error);
    else {
      dropped.add(union);
      for (const error of branches.filter((branch) => branch !== only).flat()) dropped.add(error);
      for (const error of only) within.set(error, union);
    }
  }
  return errors
    .filter((error) => !dropped.has(error))
    .map((error) => ({ error, union: within.get(error), others: errors }));
}

/** The errors of each branch of a union, for one value. */
function branchesOf(union: ErrorObject, errors: readonly ErrorObject[]): ErrorObject[][] {
  const branches = new Map<string, ErrorObject[]>();
  for (const error of errors) {
    const here = error.instancePath === union.instancePath || error.instancePath.startsWith(`${union.instancePath}/`);
    if (!here || !error.schemaPath.startsWith(`${union.schemaPath}/`)) continue;
    const branch = error.schemaPath.slice(union.schemaPath.length + 1).split('/', 1)[0] as string;
    branches.set(branch, [...(branches.get(branch) ?? []), error]);
  }
  return [...branches.values()];
}

/** Whether it says that the value of the union is of another kind than its branch. */
function isOfKind(error: ErrorObject, union: ErrorObject): boolean {
  return error.instancePath === union.instancePath && (error.keyword === 'type' || error.keyword === 'const');
}

/** `/where/1/op` as `where[1].op`; a missing or extra property is named itself. */
function toPath(error: ErrorObject): string {
  const parts = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const named = error.params.additionalProperty ?? error.params.missingProperty;
  if (typeof named === 'string') parts.push(named);
  const path = parts.map((part, i) => (/^\d+$/.test(part) ? `[${part}]` : i === 0 ? part : `.${part}`)).join('');
  return path.length > PATH_LENGTH ? `${path.slice(0, PATH_LENGTH)}…` : path;
}
