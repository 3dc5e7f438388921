import { type Actor, recordAudit } from '../audit/record-audit.js';
import type { Transaction } from '../database/database.js';
import type { Project } from '../generated/prisma/client.js';
import { firstFreeSlug, slugOf } from '../slugs/slug.js';

/** Adds a project with a slug of its own; the account becomes its owner. */
export async function insertProject(
  tx: Transaction,
  actor: Actor,
  { name, ownerId }: { name: string; ownerId: number },
): Promise<Project> {
  const slug = await reserveSlug(tx, slugOf(name, 'project'));
  const project = await tx.project.create({
    data: { name, slug, members: { create: { accountId: ownerId, role: 'owner' } } },
  });
  await recordAudit(tx, actor, {
    projectId: project.id,
    action: 'project.create',
    target: 'project',
    targetId: project.id,
    details: { name, slug },
  });
  return project;
}

/** Projects created at once take turns here, so that each gets a slug of its own. */
async function reserveSlug(tx: Transaction, slug: string): Promise<string> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('loguro:project-slug'))`;
  const taken = await tx.project.findMany({ where: { slug: { startsWith: slug } }, select: { slug: true } });
  return firstFreeSlug(
    slug,
    taken.map((project) => project.slug),
  );
}
