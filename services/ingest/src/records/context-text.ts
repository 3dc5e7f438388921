import { LIMITS } from '@loguro/types';
import { copyJson, isStorable } from './copy-text.js';

/**
 * The context as COPY text, or null when a record may not carry it.
 *
 * @param clean the JSON it came from had no backslash, so no string in it can hold anything forbidden
 */
export function contextText(context: object, clean: boolean): string | null {
  if (!isAllowed(context, clean, LIMITS.contextDepth)) return null;
  const json = JSON.stringify(context);
  return clean ? json : copyJson(json);
}

/** Whether nesting, numbers and strings are within the rules; first of all keeps JSON.stringify from recursing deep. */
function isAllowed(value: object, clean: boolean, levels: number): boolean {
  if (levels === 0) return false;
  if (Array.isArray(value)) return value.every((item) => isAllowedValue(item, clean, levels));
  for (const key in value) {
    if (!clean && !isStorable(key)) return false;
    if (!isAllowedValue((value as Record<string, unknown>)[key], clean, levels)) return false;
  }
  return true;
}

function isAllowedValue(value: unknown, clean: boolean, levels: number): boolean {
  switch (typeof value) {
    case 'string':
      return clean || isStorable(value);
    case 'number':
      return Number.isFinite(value);
    case 'object':
      return value === null || isAllowed(value, clean, levels - 1);
    default:
      return true;
  }
}
