import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Answer } from './installation.js';
import type { Shop } from './shop.js';

/** What an earlier revision's services made; beside it, as SQL, what they stored. */
export interface Fixture {
  /** LOGURO_SECRET_KEY */
  secretKey: string;
  shop: Shop;
  /** Orders that were accepted and waited in the queue. */
  waiting: number[];
  /** What the control plane answered, by method, path and body. */
  answers: Record<string, Answer>;
}

const FOLDER = fileURLToPath(new URL('../fixtures/', import.meta.url));

/** The path of one of a fixture's two files. */
export function fixtureFile(name: string, kind: 'sql' | 'json'): string {
  return `${FOLDER}${name}.${kind}`;
}

/** The names of all fixtures. */
export function fixtureNames(): string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .sort();
}

/** Reads a fixture. */
export function readFixture(name: string): Fixture & { sql: string } {
  const fixture = JSON.parse(readFileSync(fixtureFile(name, 'json'), 'utf8')) as Fixture;
  return { ...fixture, sql: readFileSync(fixtureFile(name, 'sql'), 'utf8') };
}
