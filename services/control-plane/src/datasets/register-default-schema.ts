import { parseFields } from '@loguro/types';
import type { Actor } from '../audit/record-audit.js';
import type { Transaction } from '../database/database.js';
import { lockDataset, lockProject } from '../database/locks.js';
import type { Dataset } from '../generated/prisma/client.js';
import { projectEndpoint } from '../http/endpoint.js';
import { insertDataset } from './insert-dataset.js';
import { registerFields, registrationAnswer } from './register-fields.js';

/** The legacy path: acts on the default dataset, and creates it when the project has none. */
export const registerDefaultSchema = projectEndpoint(
  'registerDefaultSchema',
  async ({ project, actor, body }, { database }) => {
    const fields = parseFields(body);
    const registration = await database.prisma.$transaction(async (tx) => {
      const dataset = await lockOrCreateDefault(tx, actor, project.id);
      return registerFields(tx, actor, dataset, fields);
    });
    return registrationAnswer(registration);
  },
);

/** The project's lock makes sure that two first registrations at once create one dataset. */
async function lockOrCreateDefault(tx: Transaction, actor: Actor, projectId: number): Promise<Dataset> {
  await lockProject(tx, projectId);
  const existing = await tx.dataset.findFirst({ where: { projectId, isDefault: true }, select: { id: true } });
  if (existing !== null) return lockDataset(tx, projectId, existing.id);
  return insertDataset(tx, actor, { projectId, name: 'Default', description: null, isDefault: true });
}
