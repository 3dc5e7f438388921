import { Type } from 'typebox';
import * as account from './account.js';
import * as dataset from './dataset.js';
import { Query } from './query.js';
import type { RouteContract } from './routes.js';
import { TailRequest, TailResult } from './tail.js';

type ControlRoute = Omit<RouteContract, 'surface' | 'operationId'>;

const ok = (description: string, schema: RouteContract['body']) => ({
  200: schema ? { description, schema } : { description },
});
const created = (description: string, schema: NonNullable<RouteContract['body']>) => ({ 201: { description, schema } });
const gone = { 204: { description: 'Done.' } };

const DATASETS = '/api/datasets/{projectSlug}';
const DATASET = `${DATASETS}/{datasetId}`;
const PROJECTS = '/api/projects';
const PROJECT = `${PROJECTS}/{projectSlug}`;

const datasetRoute = (route: Omit<ControlRoute, 'tag' | 'credential'>): ControlRoute => ({
  tag: 'Datasets',
  credential: 'pat',
  ...route,
});
const accountRoute = (tag: string, route: Omit<ControlRoute, 'tag' | 'credential'>): ControlRoute => ({
  tag,
  credential: 'pat',
  ...route,
});

const registerSchema = {
  method: 'POST',
  role: 'editor',
  body: dataset.RegisterSchemaBody,
  success: {
    200: {
      description: 'The same fields were registered before; nothing changed.',
      schema: dataset.RegisteredSchemaAnswer,
    },
    201: { description: 'Registered; records may be sent.', schema: dataset.RegisteredSchemaAnswer },
  },
  errors: ['invalid_schema', 'schema_conflict'],
} as const;
const readSchema = {
  method: 'GET',
  role: 'viewer',
  success: ok('The registered schema.', dataset.SchemaAnswer),
  errors: ['schema_not_found'],
} as const;
const query = {
  method: 'POST',
  role: 'viewer',
  body: Query,
  success: ok(
    'The answer; with `explain` the explanation. `Accept: text/csv` or `application/x-ndjson` streams the rows alone.',
    Type.Union([Type.Ref('QueryResult'), Type.Ref('QueryExplanation')]),
  ),
  errors: ['invalid_query', 'schema_not_found', 'query_timeout', 'too_many_queries', 'result_too_large', 'overloaded'],
} as const;

const tail = {
  method: 'POST',
  role: 'viewer',
  body: TailRequest,
  success: ok('What arrived since the cursor, and where to go on.', TailResult),
  errors: ['invalid_query', 'schema_not_found', 'cursor_expired', 'query_timeout', 'too_many_queries', 'overloaded'],
} as const;

/** The control plane's routes by operation id. */
export const CONTROL_ROUTES = {
  listDatasets: datasetRoute({
    method: 'GET',
    path: DATASETS,
    summary: 'List datasets',
    role: 'viewer',
    success: ok('All datasets of the project, oldest first.', dataset.DatasetListAnswer),
  }),
  createDataset: datasetRoute({
    method: 'POST',
    path: DATASETS,
    summary: 'Create dataset metadata',
    role: 'editor',
    body: dataset.CreateDatasetBody,
    success: created('Created; register a schema next.', dataset.DatasetAnswer),
  }),
  registerDefaultSchema: datasetRoute({
    ...registerSchema,
    path: `${DATASETS}/schema`,
    summary: 'Register the schema of the default dataset, creating that when there is none',
  }),
  readDefaultSchema: datasetRoute({
    ...readSchema,
    path: `${DATASETS}/schema`,
    summary: 'Read the schema of the default dataset',
  }),
  queryDefaultDataset: datasetRoute({ ...query, path: `${DATASETS}/query`, summary: 'Query the default dataset' }),
  tailDefaultDataset: datasetRoute({
    ...tail,
    path: `${DATASETS}/tail`,
    summary: 'Read records of the default dataset as they arrive',
  }),
  readDataset: datasetRoute({
    method: 'GET',
    path: DATASET,
    summary: 'Read one dataset',
    role: 'viewer',
    success: ok('The dataset.', dataset.DatasetAnswer),
  }),
  updateDataset: datasetRoute({
    method: 'PATCH',
    path: DATASET,
    summary: 'Edit dataset metadata',
    role: 'editor',
    body: dataset.UpdateDatasetBody,
    success: ok('The dataset as it is now.', dataset.DatasetAnswer),
  }),
  deleteDataset: datasetRoute({
    method: 'DELETE',
    path: DATASET,
    summary: 'Delete a dataset with all its records',
    role: 'editor',
    success: gone,
  }),
  registerSchema: datasetRoute({ ...registerSchema, path: `${DATASET}/schema`, summary: 'Register the schema, once' }),
  readSchema: datasetRoute({ ...readSchema, path: `${DATASET}/schema`, summary: 'Read the schema' }),
  queryDataset: datasetRoute({ ...query, path: `${DATASET}/query`, summary: 'Query a dataset' }),
  tailDataset: datasetRoute({
    ...tail,
    path: `${DATASET}/tail`,
    summary: 'Read records as they arrive, whatever their timestamps',
  }),

  readMe: accountRoute('Account', {
    method: 'GET',
    path: '/api/me',
    summary: 'The account and the token behind this request',
    success: ok('Who is calling.', account.MeAnswer),
  }),
  listTokens: accountRoute('Account', {
    method: 'GET',
    path: '/api/tokens',
    summary: "List the account's personal access tokens",
    success: ok('All tokens, newest first.', account.TokenListAnswer),
  }),
  createToken: accountRoute('Account', {
    method: 'POST',
    path: '/api/tokens',
    summary: 'Create a personal access token',
    body: account.CreateTokenBody,
    success: created('The secret is shown this once.', account.NewTokenAnswer),
  }),
  rotateToken: accountRoute('Account', {
    method: 'POST',
    path: '/api/tokens/{tokenId}/rotate',
    summary: 'Replace a personal access token',
    body: account.RotateBody,
    success: created('The successor; its secret is shown this once.', account.NewTokenAnswer),
    errors: ['token_not_found', 'credential_inactive'],
  }),
  revokeToken: accountRoute('Account', {
    method: 'DELETE',
    path: '/api/tokens/{tokenId}',
    summary: 'Revoke a personal access token',
    success: gone,
    errors: ['token_not_found'],
  }),

  listProjects: accountRoute('Projects', {
    method: 'GET',
    path: PROJECTS,
    summary: 'List the projects the account is a member of',
    success: ok('Oldest first.', account.ProjectListAnswer),
  }),
  createProject: accountRoute('Projects', {
    method: 'POST',
    path: PROJECTS,
    summary: 'Create a project; the account becomes its owner',
    body: account.CreateProjectBody,
    success: created('Created.', account.ProjectAnswer),
  }),
  readProject: accountRoute('Projects', {
    method: 'GET',
    path: PROJECT,
    summary: 'Read one project',
    role: 'viewer',
    success: ok('The project.', account.ProjectAnswer),
  }),
  updateProject: accountRoute('Projects', {
    method: 'PATCH',
    path: PROJECT,
    summary: 'Rename a project; its slug stays',
    role: 'owner',
    body: account.UpdateProjectBody,
    success: ok('The project as it is now.', account.ProjectAnswer),
  }),
  deleteProject: accountRoute('Projects', {
    method: 'DELETE',
    path: PROJECT,
    summary: 'Delete a project with its keys, datasets and records',
    role: 'owner',
    success: gone,
  }),

  listMembers: accountRoute('Members', {
    method: 'GET',
    path: `${PROJECT}/members`,
    summary: 'List members',
    role: 'viewer',
    success: ok('Oldest first.', account.MemberListAnswer),
  }),
  addMember: accountRoute('Members', {
    method: 'POST',
    path: `${PROJECT}/members`,
    summary: 'Add an existing account as a member',
    role: 'owner',
    body: account.AddMemberBody,
    success: created('Added.', account.MemberAnswer),
    errors: ['account_not_found', 'already_member'],
  }),
  updateMember: accountRoute('Members', {
    method: 'PATCH',
    path: `${PROJECT}/members/{accountId}`,
    summary: "Change a member's role",
    role: 'owner',
    body: account.UpdateMemberBody,
    success: ok('The member as it is now.', account.MemberAnswer),
    errors: ['member_not_found', 'last_owner'],
  }),
  removeMember: accountRoute('Members', {
    method: 'DELETE',
    path: `${PROJECT}/members/{accountId}`,
    summary: 'Remove a member, which takes an owner, or leave the project oneself',
    role: 'viewer',
    success: gone,
    errors: ['member_not_found', 'last_owner'],
  }),

  listKeys: accountRoute('Project API keys', {
    method: 'GET',
    path: `${PROJECT}/keys`,
    summary: 'List project API keys',
    role: 'owner',
    success: ok('Newest first.', account.KeyListAnswer),
  }),
  createKey: accountRoute('Project API keys', {
    method: 'POST',
    path: `${PROJECT}/keys`,
    summary: 'Create a project API key',
    role: 'owner',
    body: account.CreateKeyBody,
    success: created('The secret is shown this once.', account.NewKeyAnswer),
  }),
  updateKey: accountRoute('Project API keys', {
    method: 'PATCH',
    path: `${PROJECT}/keys/{keyId}`,
    summary: 'Rename a key, or change the origins of a browser key',
    role: 'owner',
    body: account.UpdateKeyBody,
    success: ok('The key as it is now.', account.KeyAnswer),
    errors: ['key_not_found'],
  }),
  rotateKey: accountRoute('Project API keys', {
    method: 'POST',
    path: `${PROJECT}/keys/{keyId}/rotate`,
    summary: 'Replace a key',
    role: 'owner',
    body: account.RotateBody,
    success: created('The successor; its secret is shown this once.', account.NewKeyAnswer),
    errors: ['key_not_found', 'credential_inactive'],
  }),
  revokeKey: accountRoute('Project API keys', {
    method: 'DELETE',
    path: `${PROJECT}/keys/{keyId}`,
    summary: 'Revoke a key',
    role: 'owner',
    success: gone,
    errors: ['key_not_found'],
  }),

  listAudit: accountRoute('Projects', {
    method: 'GET',
    path: `${PROJECT}/audit`,
    summary: 'Read the audit log',
    role: 'owner',
    query: account.AuditQuery,
    success: ok('Newest first.', account.AuditAnswer),
  }),

  readOpenApi: {
    tag: 'Reference',
    credential: 'none',
    method: 'GET',
    path: '/api/openapi.json',
    summary: 'This document',
    success: { 200: { description: 'OpenAPI 3.1.', schema: Type.Object({}, { additionalProperties: true }) } },
  },
} as const satisfies Record<string, ControlRoute>;

export type ControlOperation = keyof typeof CONTROL_ROUTES;
