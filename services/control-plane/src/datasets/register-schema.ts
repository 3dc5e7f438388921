import { parseFields } from '@loguro/types';
import { lockDataset } from '../database/locks.js';
import { projectEndpoint } from '../http/endpoint.js';
import { registerFields, registrationAnswer } from './register-fields.js';

export const registerSchema = projectEndpoint(
  'registerSchema',
  async ({ project, actor, params, body }, { database }) => {
    const fields = parseFields(body);
    const registration = await database.prisma.$transaction(async (tx) => {
      const dataset = await lockDataset(tx, project.id, params.datasetId);
      return registerFields(tx, actor, dataset, fields);
    });
    return registrationAnswer(registration);
  },
);
