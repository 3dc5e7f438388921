import { type Actor, recordAudit } from '../audit/record-audit.js';
import type { Transaction } from '../database/database.js';
import { lockProject } from '../database/locks.js';
import type { Dataset } from '../generated/prisma/client.js';
import { firstFreeSlug, slugOf } from '../slugs/slug.js';

/** Input of {@link insertDataset}. */
export interface NewDataset {
  projectId: number;
  name: string;
  description: string | null;
  isDefault: boolean;
}

/** Adds a dataset with a slug of its own in the project; it has no schema yet. */
export async function insertDataset(tx: Transaction, actor: Actor, input: NewDataset): Promise<Dataset> {
  // Datasets of one name created at once take turns here, so that each gets its own slug.
  await lockProject(tx, input.projectId);
  const slug = slugOf(input.name, 'dataset');
  const taken = await tx.dataset.findMany({
    where: { projectId: input.projectId, slug: { startsWith: slug } },
    select: { slug: true },
  });
  const dataset = await tx.dataset.create({
    data: {
      ...input,
      slug: firstFreeSlug(
        slug,
        taken.map((other) => other.slug),
      ),
    },
  });
  await recordAudit(tx, actor, {
    projectId: input.projectId,
    action: 'dataset.create',
    target: 'dataset',
    targetId: dataset.id,
    details: { name: dataset.name, slug: dataset.slug, isDefault: dataset.isDefault },
  });
  return dataset;
}
