import { readMe } from './accounts/read-me.js';
import { listAudit } from './audit/list-audit.js';
import { createDataset } from './datasets/create-dataset.js';
import { deleteDataset } from './datasets/delete-dataset.js';
import { listDatasets } from './datasets/list-datasets.js';
import { readDataset } from './datasets/read-dataset.js';
import { readDefaultSchema, readSchema } from './datasets/read-schema.js';
import { registerDefaultSchema } from './datasets/register-default-schema.js';
import { registerSchema } from './datasets/register-schema.js';
import { updateDataset } from './datasets/update-dataset.js';
import type { Endpoint } from './http/endpoint.js';
import { createKey } from './keys/create-key.js';
import { listKeys } from './keys/list-keys.js';
import { revokeKey } from './keys/revoke-key.js';
import { rotateKey } from './keys/rotate-key.js';
import { updateKey } from './keys/update-key.js';
import { addMember } from './members/add-member.js';
import { listMembers } from './members/list-members.js';
import { removeMember } from './members/remove-member.js';
import { updateMember } from './members/update-member.js';
import { readOpenApi } from './openapi/read-openapi.js';
import { createProject } from './projects/create-project.js';
import { deleteProject } from './projects/delete-project.js';
import { listProjects } from './projects/list-projects.js';
import { readProject } from './projects/read-project.js';
import { updateProject } from './projects/update-project.js';
import { createToken } from './tokens/create-token.js';
import { listTokens } from './tokens/list-tokens.js';
import { revokeToken } from './tokens/revoke-token.js';
import { rotateToken } from './tokens/rotate-token.js';

/**
 * The endpoints of the control plane, one file each; their paths, methods, roles and shapes are in
 * CONTROL_ROUTES of `@loguro/types`. Those of queries and tails need a service of their own: `query-endpoints.ts` and
 * `tail-endpoints.ts` make them.
 */
export const ENDPOINTS: readonly Endpoint[] = [
  // Datasets
  listDatasets,
  createDataset,
  readDataset,
  updateDataset,
  deleteDataset,
  registerSchema,
  readSchema,
  registerDefaultSchema,
  readDefaultSchema,

  // The calling account and its tokens
  readMe,
  listTokens,
  createToken,
  rotateToken,
  revokeToken,

  // Projects
  listProjects,
  createProject,
  readProject,
  updateProject,
  deleteProject,
  listAudit,

  // Members
  listMembers,
  addMember,
  updateMember,
  removeMember,

  // Project API keys
  listKeys,
  createKey,
  updateKey,
  rotateKey,
  revokeKey,

  // Reference
  readOpenApi,
];
