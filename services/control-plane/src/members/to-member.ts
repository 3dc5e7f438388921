import type { Member, Role } from '@loguro/types';

/** A membership as the API shows it. */
export function toMember(row: {
  role: Role;
  createdAt: Date;
  account: { id: number; email: string; name: string };
}): Member {
  return {
    accountId: row.account.id,
    email: row.account.email,
    name: row.account.name,
    role: row.role,
    createdAt: row.createdAt.toISOString(),
  };
}
