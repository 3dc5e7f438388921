import type { Change } from '@loguro/types';

/** The payload of a notification as a change; null when it is none that we know, which may then mean anything. */
export function parseChange(payload: string | undefined): Change | null {
  let value: unknown;
  try {
    value = JSON.parse(payload ?? '');
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { kind, id, project } = value as Record<string, unknown>;
  if (kind === 'signing_key' && typeof id === 'string') return { kind, id };
  if (!Number.isInteger(id)) return null;
  if (kind === 'project_key' || kind === 'project') return { kind, id: id as number };
  if (kind === 'dataset' && Number.isInteger(project)) return { kind, id: id as number, project: project as number };
  return null;
}
