import slugify from '@sindresorhus/slugify';

/** Leaves room for a suffix in what people copy into URLs. */
const MAX_LENGTH = 60;

/**
 * The slug of a name, before it is made unique: lower-case ASCII letters, digits and hyphens. Scripts that
 * can be written in Latin letters are; a name without any such character gets the fallback.
 */
export function slugOf(name: string, fallback: string): string {
  const slug = slugify(name.normalize('NFKC'), { decamelize: false })
    .replaceAll(/[^a-z0-9-]/g, '')
    .slice(0, MAX_LENGTH)
    .replaceAll(/^-+|-+$/g, '');
  return slug === '' ? fallback : slug;
}

/** The slug itself when it is free, else the first free one of `slug-2`, `slug-3`, … */
export function firstFreeSlug(slug: string, taken: Iterable<string>): string {
  const used = new Set(taken);
  if (!used.has(slug)) return slug;
  let suffix = 2;
  while (used.has(`${slug}-${suffix}`)) suffix++;
  return `${slug}-${suffix}`;
}
