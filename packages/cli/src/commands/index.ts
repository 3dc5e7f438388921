import type { Command } from 'commander';
import type { Registry } from '../program.js';
import { addAudit } from './audit.js';
import { addCompletion } from './completion.js';
import { addDatasets } from './datasets.js';
import { addDoctor } from './doctor.js';
import { addExplain } from './explain.js';
import { addIngest } from './ingest.js';
import { addKeys } from './keys.js';
import { addLogin } from './login.js';
import { addLogout } from './logout.js';
import { addMcp } from './mcp.js';
import { addMembers } from './members.js';
import { addProjects } from './projects.js';
import { addQuery } from './query.js';
import { addSchema } from './schema.js';
import { addTail } from './tail.js';
import { addTokens } from './tokens.js';
import { addWhoami } from './whoami.js';

/** Every command, in the order of the help. */
export const COMMANDS: readonly ((program: Command, registry: Registry) => void)[] = [
  addLogin,
  addLogout,
  addWhoami,
  addProjects,
  addDatasets,
  addSchema,
  addIngest,
  addQuery,
  addTail,
  addKeys,
  addTokens,
  addMembers,
  addAudit,
  addDoctor,
  addExplain,
  addMcp,
  addCompletion,
];
