import type { TSchema } from 'typebox';
import type { Role } from './account.js';
import type { ErrorCode } from './errors.js';

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/** One success answer of a route. */
export interface Success {
  description: string;
  /** Absent: no body. */
  schema?: TSchema;
}

/**
 * One operation of the HTTP contract: everything that can be said without code. The services look it up
 * by `operationId` to authenticate, authorise and validate; the OpenAPI document is printed from it; tests
 * check every answer against it.
 */
export interface RouteContract {
  operationId: string;
  surface: 'control' | 'ingest';
  tag: string;
  summary: string;
  method: Method;
  /** OpenAPI style: `/api/datasets/{projectSlug}`. */
  path: string;
  credential: 'pat' | 'project_key' | 'none';
  /** For paths with a project slug: the least role that may. */
  role?: Role;
  query?: TSchema;
  body?: TSchema;
  /** Default `application/json`. */
  bodyTypes?: readonly string[];
  /** By status. */
  success: Readonly<Record<number, Success>>;
  /** Error codes beyond those that follow from `credential`, `role`, `body` and the path. */
  errors?: readonly ErrorCode[];
}

const COMMON: readonly ErrorCode[] = ['internal', 'unavailable', 'rate_limited'];
const CREDENTIAL: readonly ErrorCode[] = [
  'missing_credential',
  'invalid_credential',
  'expired_credential',
  'revoked_credential',
  'wrong_credential',
];
const BODY: readonly ErrorCode[] = [
  'malformed_json',
  'malformed_encoding',
  'invalid_request',
  'payload_too_large',
  'unsupported_media_type',
  'unsupported_encoding',
  'request_timeout',
];

/** Every error code a route can answer with. */
export function errorCodesOf(route: RouteContract): ErrorCode[] {
  const codes = new Set<ErrorCode>(COMMON);
  const add = (list: readonly ErrorCode[]) => {
    for (const code of list) codes.add(code);
  };
  if (route.credential !== 'none') add(CREDENTIAL);
  if (route.path.includes('{projectSlug}')) add(['project_not_found', 'forbidden']);
  if (route.path.includes('{datasetId}')) add(['dataset_not_found']);
  if (route.body !== undefined) add(BODY);
  if (route.query !== undefined) add(['invalid_request']);
  add(route.errors ?? []);
  return [...codes];
}
