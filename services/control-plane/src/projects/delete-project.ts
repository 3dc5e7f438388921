import { ApiError } from '@loguro/types';
import { recordAudit } from '../audit/record-audit.js';
import { requireStillAllowed } from '../authorization/still-allowed.js';
import type { Transaction } from '../database/database.js';
import { type ExclusiveTablesOptions, withExclusiveTables } from '../database/locks.js';
import { type ProjectRequest, projectEndpoint } from '../http/endpoint.js';

/** Dropping a table takes several locks, and a transaction can hold only so many (`max_locks_per_transaction`). */
const TABLES_PER_TRANSACTION = 50;

/** Deletes the project with its members, keys, datasets and records. The audit log keeps what it knows. */
export const deleteProject = projectEndpoint('deleteProject', async ({ project, caller, actor }, services) => {
  await deleteWithTables(services, { project, caller, actor });
  return { status: 204 };
});

/**
 * Few datasets go with the project in one transaction. Of many, the first ones go in transactions of their own:
 * should the last one fail, the project is still there with what is left, and deleting it again goes on.
 */
async function deleteWithTables(
  options: ExclusiveTablesOptions,
  { project, caller, actor }: Pick<ProjectRequest, 'project' | 'caller' | 'actor'>,
): Promise<void> {
  for (let done = false; !done; ) {
    done = await withExclusiveTables(options, async (tx, drop) => {
      const datasets = await lockSomeDatasets(tx, project.id);
      await requireStillAllowed(tx, { project, caller }, 'owner');
      for (const { id } of datasets) await drop(id);
      await tx.dataset.deleteMany({ where: { id: { in: datasets.map(({ id }) => id) } } });
      if (datasets.length === TABLES_PER_TRANSACTION) return false;
      await tx.project.delete({ where: { id: project.id } });
      await recordAudit(tx, actor, {
        projectId: project.id,
        action: 'project.delete',
        target: 'project',
        targetId: project.id,
        details: { name: project.name, slug: project.slug },
      });
      return true;
    });
  }
}

/** The lock on the project keeps datasets from being added until it is gone. */
async function lockSomeDatasets(tx: Transaction, projectId: number): Promise<{ id: number }[]> {
  const projects = await tx.$queryRaw<unknown[]>`SELECT 1 FROM projects WHERE id = ${projectId} FOR UPDATE`;
  if (projects.length === 0) throw new ApiError('project_not_found', 'Project not found');
  return tx.$queryRaw<{ id: number }[]>`
    SELECT id FROM datasets WHERE project_id = ${projectId} ORDER BY id LIMIT ${TABLES_PER_TRANSACTION} FOR UPDATE`;
}
