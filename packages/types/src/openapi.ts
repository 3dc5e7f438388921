import type { TSchema } from 'typebox';
import { COMPONENTS } from './components.js';
import { CONTROL_ROUTES } from './control-routes.js';
import { ERRORS } from './errors.js';
import { DATASET_ID_HEADER, IDEMPOTENCY_KEY_HEADER, REQUEST_ID_HEADER } from './http.js';
import { INGEST_ROUTES } from './ingest-routes.js';
import { LIMITS } from './limits.js';
import { errorCodesOf, type RouteContract } from './routes.js';

/** Every operation of both surfaces. */
export const ROUTES: readonly RouteContract[] = [
  ...Object.entries(CONTROL_ROUTES).map(([operationId, route]) => ({
    operationId,
    surface: 'control' as const,
    ...route,
  })),
  ...Object.entries(INGEST_ROUTES).map(([operationId, route]) => ({
    operationId,
    surface: 'ingest' as const,
    ...route,
  })),
];

/** What the document can't know from the routes. */
export interface OpenApiOptions {
  version: string;
  /** Public base URL of the control plane, e.g. `https://logu.ro`. */
  apiUrl: string;
  /** Public base URL of ingest, e.g. `https://ingest.logu.ro`. */
  ingestUrl: string;
}

/** The OpenAPI 3.1 document of both surfaces, printed from the schemas that validate requests. */
export function buildOpenApi({ version, apiUrl, ingestUrl }: OpenApiOptions): object {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of ROUTES) {
    const servers = [{ url: route.surface === 'control' ? apiUrl : ingestUrl }];
    const item = paths[route.path] ?? { servers };
    item[route.method.toLowerCase()] = operation(route);
    paths[route.path] = item;
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Loguro Datasets',
      version,
      description: 'A typed event store: register a schema once, post records, query typed columns.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [
      { url: apiUrl, description: 'Control plane' },
      { url: ingestUrl, description: 'Ingest' },
    ],
    tags: [...new Set(ROUTES.map((route) => route.tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        pat: { type: 'http', scheme: 'bearer', description: 'A personal access token, `pat_…`.' },
        project_key: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'A project API key.' },
      },
      schemas: Object.fromEntries(
        COMPONENTS.map((schema) => [(schema as { $id: string }).$id, toOpenApi(schema, true)]),
      ),
    },
  };
}

function operation(route: RouteContract): object {
  const responses: Record<string, unknown> = {};
  for (const [status, { description, schema }] of Object.entries(route.success)) {
    responses[status] = {
      description,
      headers: requestIdHeader,
      ...(schema && { content: { 'application/json': { schema: toOpenApi(schema) } } }),
    };
  }
  for (const code of errorCodesOf(route)) {
    const status = String(ERRORS[code].status);
    const before = responses[status] as { description: string } | undefined;
    responses[status] = {
      description: `${before ? `${before.description} ` : ''}\`${code}\`: ${ERRORS[code].summary}`,
      headers: errorHeaders(ERRORS[code].status),
      content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
    };
  }
  return {
    operationId: route.operationId,
    summary: route.summary,
    tags: [route.tag],
    security: route.credential === 'none' ? [] : [{ [route.credential]: [] }],
    parameters: [...pathParameters(route), ...queryParameters(route), ...headerParameters(route)],
    ...(route.body && { requestBody: { required: true, content: bodyContent(route) } }),
    responses,
  };
}

const requestIdHeader = { 'X-Request-Id': { description: "The request's id.", schema: { type: 'string' } } };

const retryAfterHeader = { 'Retry-After': { description: 'Seconds.', schema: { type: 'integer', minimum: 1 } } };
const rateLimitHeader = (what: string) => ({
  description: `${what}: draft-ietf-httpapi-ratelimit-headers-11.`,
  schema: { type: 'string' },
});
const rateLimitHeaders = {
  'RateLimit-Policy': rateLimitHeader('The quotas that apply'),
  RateLimit: rateLimitHeader('What is left of them'),
};

function errorHeaders(status: number): object {
  return {
    ...requestIdHeader,
    ...((status === 429 || status === 503) && retryAfterHeader),
    ...(status === 429 && rateLimitHeaders),
  };
}

function bodyContent(route: RouteContract): object {
  const schema = toOpenApi(route.body as TSchema);
  const types = route.bodyTypes ?? ['application/json'];
  return Object.fromEntries(
    types.map((type) => [
      type,
      { schema: type === 'application/json' ? schema : { type: 'string', description: 'One JSON document per line.' } },
    ]),
  );
}

function pathParameters(route: RouteContract): object[] {
  return [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema:
      name === 'projectSlug'
        ? { type: 'string' }
        : name === 'receiptId'
          ? { type: 'string', description: 'As the answer that queued the records told it.' }
          : { type: 'integer', minimum: 1 },
  }));
}

function queryParameters(route: RouteContract): object[] {
  const query = route.query as undefined | { properties: Record<string, TSchema>; required?: string[] };
  return Object.entries(query?.properties ?? {}).map(([name, schema]) => ({
    name,
    in: 'query',
    required: query?.required?.includes(name) ?? false,
    schema: toOpenApi(schema),
  }));
}

function headerParameters(route: RouteContract): object[] {
  const header = (name: string, description: string, schema: object) => ({
    name,
    in: 'header',
    required: false,
    description,
    schema,
  });
  const all = [
    header(REQUEST_ID_HEADER, 'Comes back in the answer; a new one is made when it is missing or not sane.', {
      type: 'string',
      maxLength: 128,
    }),
  ];
  if (route.surface === 'ingest' && route.method === 'POST') {
    all.push(
      header(DATASET_ID_HEADER, 'Selects the dataset when the path does not.', { type: 'integer', minimum: 1 }),
      header(IDEMPOTENCY_KEY_HEADER, 'A repeat within 24 hours is answered alike and stored once.', {
        type: 'string',
        maxLength: LIMITS.idempotencyKeyLength,
      }),
    );
  }
  return all;
}

/** A copy without `$id`s, its `$ref`s pointing into `components`. */
function toOpenApi(schema: unknown, top = false): unknown {
  if (Array.isArray(schema)) return schema.map((item) => toOpenApi(item));
  if (typeof schema !== 'object' || schema === null) return schema;
  const { $id, ...rest } = schema as Record<string, unknown>;
  if (typeof $id === 'string' && !top) return { $ref: `#/components/schemas/${$id}` };
  return Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [
      key,
      key === '$ref' && typeof value === 'string'
        ? `#/components/schemas/${value}`
        : key === 'examples'
          ? value
          : toOpenApi(value),
    ]),
  );
}
