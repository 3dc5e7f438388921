import type { Project, Role } from '@loguro/types';

/** A project as the API shows it to an account with the given role. */
export function toProject(
  row: { id: number; name: string; slug: string; createdAt: Date; updatedAt: Date },
  role: Role,
): Project {
  return {
    id: row.id,
    name: row.name,
    slug: row.slug,
    role,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}
