import { ApiError, type Role, roleAtLeast } from '@loguro/types';
import type { Pool } from 'pg';
import { DATASET_COLUMNS, type DatasetChoice, type DatasetColumns, foundDataset } from '../datasets/find-dataset.js';
import type { Dataset } from '../generated/prisma/client.js';
import { hashToken } from '../tokens/insert-token.js';

/** Who is calling, and with which token. */
export interface Caller {
  account: { id: number; email: string; name: string; createdAt: Date };
  token: {
    id: number;
    name: string;
    createdAt: Date;
    expiresAt: Date | null;
    lastUsedAt: Date | null;
    revokedAt: Date | null;
  };
}

/** A project and what the caller may do in it. */
export interface ProjectAccess {
  id: number;
  name: string;
  slug: string;
  role: Role;
  createdAt: Date;
  updatedAt: Date;
}

/** The columns of the dataset only where one was asked for. */
interface Row extends DatasetColumns {
  token_id: number;
  token_name: string;
  token_created_at: Date;
  expires_at: Date | null;
  last_used_at: Date | null;
  revoked_at: Date | null;
  expired: boolean;
  /** `last_used_at` is more than a minute old. */
  stale: boolean;
  account_id: number;
  email: string;
  account_name: string;
  account_created_at: Date;
  project_id: number | null;
  project_name: string;
  project_slug: string;
  project_created_at: Date;
  project_updated_at: Date;
  role: Role;
}

/**
 * Token, account and membership, and the dataset where the request is about one, in one round trip, for every request:
 * nothing is cached, so a revocation or a changed role counts from the next request on, in every process. Plain SQL as
 * named statements, because this is the one query in every request's way: through Prisma's query compiler the same took
 * seven times as long.
 */
const AUTHORIZE = {
  account: statement('authorize'),
  dataset: statement('authorize-dataset', 'd.id = $3'),
  defaultDataset: statement('authorize-default-dataset', 'd.is_default'),
};

/** @param dataset which of the project's datasets to look up; absent: none */
function statement(name: string, dataset?: string): { name: string; text: string } {
  const columns = dataset === undefined ? '' : `, ${DATASET_COLUMNS}`;
  const join = dataset === undefined ? '' : `LEFT JOIN datasets d ON d.project_id = p.id AND ${dataset}`;
  const text = `
    SELECT t.id AS token_id, t.name AS token_name, t.created_at AS token_created_at,
           t.expires_at, t.last_used_at, t.revoked_at,
           coalesce(t.expires_at <= now(), false) AS expired,
           coalesce(t.last_used_at < now() - interval '1 minute', true) AS stale,
           a.id AS account_id, a.email, a.name AS account_name, a.created_at AS account_created_at,
           p.id AS project_id, p.name AS project_name, p.slug AS project_slug,
           p.created_at AS project_created_at, p.updated_at AS project_updated_at, m.role${columns}
    FROM personal_access_tokens t
    JOIN accounts a ON a.id = t.account_id
    LEFT JOIN (projects p JOIN project_members m ON m.project_id = p.id) ON p.slug = $2 AND m.account_id = a.id
    ${join}
    WHERE t.hash = $1`;
  return { name, text };
}

/** What a request brings with it. */
export interface Credentials {
  /** Well-formed. */
  pat: string;
  projectSlug: string | null;
  dataset: DatasetChoice | null;
}

/** What {@link authorize} found. */
export interface Authorized {
  caller: Caller;
  /** null when no project was asked for, or the account has no access to it. */
  project: ProjectAccess | null;
  /** null when none was asked for, or the project has no such dataset. */
  dataset: Dataset | null;
  /** The token's last use is more than a minute ago, as far as the database knows. */
  touch: boolean;
}

/**
 * Looks up a token and, when a slug is given, the account's place in that project, and its dataset when that is asked for.
 *
 * @throws ApiError 401 for a token that is unknown, revoked or expired
 */
export async function authorize(pool: Pool, { pat, projectSlug, dataset }: Credentials): Promise<Authorized> {
  const { rows } = await pool.query<Row>(lookupOf(dataset, [hashToken(pat), projectSlug]));
  const [row] = rows;
  if (row === undefined) throw new ApiError('invalid_credential', 'No such personal access token.');
  if (row.revoked_at !== null) throw new ApiError('revoked_credential', 'This personal access token was revoked.');
  if (row.expired) throw new ApiError('expired_credential', 'This personal access token has expired.');
  return {
    caller: callerOf(row),
    project: projectOf(row),
    dataset: dataset && foundDataset(row),
    touch: row.stale,
  };
}

function lookupOf(dataset: DatasetChoice | null, values: unknown[]) {
  if (dataset === null) return { ...AUTHORIZE.account, values };
  return dataset === 'default'
    ? { ...AUTHORIZE.defaultDataset, values }
    : { ...AUTHORIZE.dataset, values: [...values, dataset.id] };
}

/**
 * The project, when the caller may do in it what needs the given role.
 *
 * @throws ApiError `project_not_found` alike for a project that does not exist and one of other people
 */
export function requireProject(project: ProjectAccess | null, role: Role): ProjectAccess {
  if (project === null) throw new ApiError('project_not_found', 'Project not found');
  if (!roleAtLeast(project.role, role)) {
    throw new ApiError('forbidden', `This needs the role "${role}"; yours in this project is "${project.role}".`);
  }
  return project;
}

function callerOf(row: Row): Caller {
  return {
    account: { id: row.account_id, email: row.email, name: row.account_name, createdAt: row.account_created_at },
    token: {
      id: row.token_id,
      name: row.token_name,
      createdAt: row.token_created_at,
      expiresAt: row.expires_at,
      lastUsedAt: row.last_used_at,
      revokedAt: row.revoked_at,
    },
  };
}

function projectOf(row: Row): ProjectAccess | null {
  if (row.project_id === null) return null;
  return {
    id: row.project_id,
    name: row.project_name,
    slug: row.project_slug,
    role: row.role,
    createdAt: row.project_created_at,
    updatedAt: row.project_updated_at,
  };
}
