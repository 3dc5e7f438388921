import { ApiError, type ErrorCode } from '@loguro/types';
import type { DatasetChoice } from '../datasets/find-dataset.js';
import type { PathIds } from './endpoint.js';

/** The largest id a `serial` column can hold. */
const MAX_ID = 2_147_483_647;
const ID = /^[1-9]\d{0,9}$/;
/** What our slugs are made of; nothing else can name a project. */
const SLUG = /^[a-z0-9-]{1,100}$/;

/** What an id that can't exist is answered with, the same as one that does not. */
const NOT_FOUND: Record<keyof PathIds, { code: ErrorCode; message: string }> = {
  datasetId: { code: 'dataset_not_found', message: 'Dataset not found' },
  keyId: { code: 'key_not_found', message: 'Key not found' },
  tokenId: { code: 'token_not_found', message: 'Token not found' },
  accountId: { code: 'member_not_found', message: 'Member not found' },
};

/** The error for a resource that is not there. */
export function notFound(parameter: keyof PathIds): ApiError {
  return new ApiError(NOT_FOUND[parameter].code, NOT_FOUND[parameter].message);
}

/** The contract's `/api/{name}` as Express writes it. */
export function expressPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

/** The slug in the path, or null when it can't be one of ours. */
export function projectSlugOf(params: Record<string, unknown>): string | null {
  const slug = params.projectSlug;
  return typeof slug === 'string' && SLUG.test(slug) ? slug : null;
}

/** The dataset that a path is about; null when its id can't be one. */
export function datasetChoiceOf({ datasetId }: Record<string, unknown>): DatasetChoice | null {
  if (typeof datasetId !== 'string') return 'default';
  return isId(datasetId) ? { id: Number(datasetId) } : null;
}

/** @throws ApiError 404 of the resource whose id is not an integer from 1 to 2³¹−1 */
export function pathIds(params: Record<string, unknown>): PathIds {
  const ids: Partial<Record<keyof PathIds, number>> = {};
  for (const parameter of Object.keys(NOT_FOUND) as (keyof PathIds)[]) {
    const text = params[parameter];
    if (typeof text !== 'string') continue;
    if (!isId(text)) throw notFound(parameter);
    ids[parameter] = Number(text);
  }
  return ids as PathIds;
}

function isId(text: string): boolean {
  return ID.test(text) && Number(text) <= MAX_ID;
}
