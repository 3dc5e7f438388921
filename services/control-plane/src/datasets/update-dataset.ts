import { recordAudit } from '../audit/record-audit.js';
import { lockDataset } from '../database/locks.js';
import { projectEndpoint } from '../http/endpoint.js';
import { toDataset } from './to-dataset.js';

/** Changes what people read; the slug and the schema stay. */
export const updateDataset = projectEndpoint(
  'updateDataset',
  async ({ project, actor, params, body }, { database }) => {
    const dataset = await database.prisma.$transaction(async (tx) => {
      const before = await lockDataset(tx, project.id, params.datasetId);
      const after = await tx.dataset.update({ where: { id: before.id }, data: body });
      await recordAudit(tx, actor, {
        projectId: project.id,
        action: 'dataset.update',
        target: 'dataset',
        targetId: before.id,
        details: {
          before: { name: before.name, description: before.description, retentionDays: before.retentionDays },
          after: { ...body },
        },
      });
      return after;
    });
    return { status: 200, body: { dataset: toDataset(dataset) } };
  },
);
