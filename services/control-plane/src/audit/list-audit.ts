import type { AuditEvent } from '@loguro/types';
import type { AuditEvent as AuditRow } from '../generated/prisma/client.js';
import { projectEndpoint } from '../http/endpoint.js';

const DEFAULT_LIMIT = 50;

/** The project's audit log, newest first, a page at a time. */
export const listAudit = projectEndpoint('listAudit', async ({ project, query }, { database }) => {
  const limit = query.limit ?? DEFAULT_LIMIT;
  // One more than asked for tells whether there is another page.
  const rows = await database.prisma.auditEvent.findMany({
    where: { projectId: project.id, ...(query.before !== undefined && { id: { lt: query.before } }) },
    orderBy: { id: 'desc' },
    take: limit + 1,
  });
  const events = rows.slice(0, limit).map(toAuditEvent);
  const nextBefore = rows.length > limit ? (events.at(-1)?.id ?? null) : null;
  return { status: 200, body: { events, nextBefore } };
});

function toAuditEvent(row: AuditRow): AuditEvent {
  return {
    id: Number(row.id),
    at: row.at.toISOString(),
    actor: { accountId: row.accountId, email: row.email, tokenId: row.tokenId },
    action: row.action,
    target: { type: row.targetType, id: row.targetId },
    details: row.details as Record<string, unknown>,
    requestId: row.requestId,
    address: row.address,
  };
}
