const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/**
 * Where a later answer lacks something of an earlier one, or says something else. An object may have more fields than it
 * had, as a later release may add some; nothing else may change.
 */
export function differences(earlier: unknown, later: unknown, path = ''): string[] {
  if (Array.isArray(earlier) && (!Array.isArray(later) || later.length !== earlier.length)) return [said(path, later)];
  if (!isObject(earlier)) return Object.is(earlier, later) ? [] : [said(path, later)];
  if (!isObject(later)) return [said(path, later)];
  return Object.entries(earlier).flatMap(([name, value]) => differences(value, later[name], `${path}/${name}`));
}

function said(path: string, later: unknown): string {
  return `${path} is now ${JSON.stringify(later)?.slice(0, 200)}`;
}
