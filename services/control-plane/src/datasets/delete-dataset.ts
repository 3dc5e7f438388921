import { recordAudit } from '../audit/record-audit.js';
import { requireStillAllowed } from '../authorization/still-allowed.js';
import { lockDataset, withExclusiveTables } from '../database/locks.js';
import { projectEndpoint } from '../http/endpoint.js';

/** Deletes the dataset with its records. What is still queued for it is discarded by the worker. */
export const deleteDataset = projectEndpoint('deleteDataset', async ({ project, caller, actor, params }, services) => {
  await withExclusiveTables(services, async (tx, drop) => {
    await requireStillAllowed(tx, { project, caller }, 'editor');
    const dataset = await lockDataset(tx, project.id, params.datasetId);
    await drop(dataset.id);
    await tx.dataset.delete({ where: { id: dataset.id } });
    await recordAudit(tx, actor, {
      projectId: project.id,
      action: 'dataset.delete',
      target: 'dataset',
      targetId: dataset.id,
      details: { name: dataset.name, slug: dataset.slug },
    });
  });
  return { status: 204 };
});
