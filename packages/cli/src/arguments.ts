import { InvalidArgumentError } from 'commander';
import { parseSpan } from './query/range.js';

/** For flags that take a whole number from 0. */
export function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a whole number.');
}

/** For flags that take a whole number from 1. */
export function positiveNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a whole number from 1.');
}

/** For flags that may be given several times. */
export function collect(text: string, before: string[] = []): string[] {
  return [...before, text];
}

/** For flags that name a moment in the future: a span from now (`90d`) or a timestamp with offset. */
export function expiry(text: string, now: number): string {
  return /^\d+\s*[smhdw]$/.test(text) ? new Date(now + parseSpan(text, '--expires')).toISOString() : text;
}

/** For flags that take a span and are sent as seconds. */
export function spanSeconds(text: string, flag: string): number {
  return Math.round(parseSpan(text, flag) / 1000);
}
