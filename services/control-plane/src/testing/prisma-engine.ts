import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PrismaPg } from '@prisma/adapter-pg';
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg';
import { Pool } from 'pg';
import { MIGRATIONS_DIRECTORY, readMigrations } from '../database/migrations.js';

const SCHEMA_PATH = fileURLToPath(new URL('../../prisma/schema.prisma', import.meta.url));
const FILTERS = { externalTables: [], externalEnums: [] };

/** What Prisma's own schema engine, the one behind `prisma migrate`, says of a database. */
export interface PrismaVerdict {
  /** Of `prisma migrate status`: names of migrations that were edited or failed, and how the histories differ. */
  edited: string[];
  failed: string[];
  history: unknown;
  /** What `prisma migrate deploy` would still apply. */
  applied: string[];
  /** The SQL that would make the database agree with schema.prisma. */
  difference: string;
}

/** Asks the engine, in its WebAssembly form, which needs no download and no other executable. */
export async function askPrisma(ownerUrl: string): Promise<PrismaVerdict> {
  const pool = new CharAwarePool({ connectionString: ownerUrl, max: 1 });
  try {
    const schema = { path: SCHEMA_PATH, content: await readFile(SCHEMA_PATH, 'utf8') };
    await loadEngine();
    const engine = await bindings.SchemaEngine.new(
      { datamodels: [[schema.path, schema.content]] },
      () => undefined,
      bindMigrationAwareSqlAdapterFactory(charAwareFactory(pool)),
    );
    const migrationsList = await migrationList();
    const status = await engine.diagnoseMigrationHistory({
      migrationsList,
      optInToShadowDatabase: false,
      filters: FILTERS,
    });
    const { appliedMigrationNames } = await engine.applyMigrations({ migrationsList, filters: FILTERS });
    const { stdout } = await engine.diff({
      from: { tag: 'schemaDatasource', files: [schema], configDir: dirname(SCHEMA_PATH) },
      to: { tag: 'schemaDatamodel', files: [schema] },
      script: true,
      exitCode: null,
      filters: FILTERS,
    });
    return {
      edited: status.editedMigrationNames,
      failed: status.failedMigrationNames,
      history: status.history,
      applied: appliedMigrationNames,
      difference: (stdout ?? '').trim(),
    };
  } finally {
    await pool.end();
  }
}

/** Where the engine leaves its last words before it panics. */
const panics = {
  set_message(message: string) {
    throw new Error(`Prisma's schema engine panicked: ${message}`);
  },
};

/** Of Node, but not of its types, which leave it to the DOM's. */
declare const WebAssembly: {
  instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: Record<string, unknown> } }>;
};

let loaded: Promise<void> | undefined;

function loadEngine(): Promise<void> {
  loaded ??= instantiateEngine();
  return loaded;
}

async function instantiateEngine(): Promise<void> {
  Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: panics });
  const path = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg');
  const wasm = await readFile(join(dirname(path), 'schema_engine_bg.wasm'));
  const { instance } = await WebAssembly.instantiate(wasm, { './schema_engine_bg.js': { ...bindings } });
  bindings.__wbg_set_wasm(instance.exports);
  (instance.exports.__wbindgen_start as () => void)();
}

async function migrationList() {
  const migrations = await readMigrations(MIGRATIONS_DIRECTORY);
  return {
    baseDir: MIGRATIONS_DIRECTORY,
    lockfile: {
      path: 'migration_lock.toml',
      content: await readFile(join(MIGRATIONS_DIRECTORY, 'migration_lock.toml'), 'utf8'),
    },
    shadowDbInitScript: '',
    migrationDirectories: migrations.map(({ name, script }) => ({
      path: name,
      migrationFile: { path: 'migration.sql', content: { tag: 'ok' as const, value: script } },
    })),
  };
}

/** OIDs of the types `"char"` and `text` (pg_type). */
const CHAR = 18;
const TEXT = 25;

/** Reports `"char"` columns as text, and remembers which they were. */
class CharAwarePool extends Pool {
  chars: boolean[] = [];
}

/** The engine reads catalogue columns of type `"char"`, which the adapter for pg does not know. */
function charAwareFactory(pool: CharAwarePool): SqlMigrationAwareDriverAdapterFactory {
  const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<{ fields?: { dataTypeID: number }[] }>;
  const aware = async (...args: unknown[]) => {
    const result = await query(...args);
    pool.chars = (result.fields ?? []).map(({ dataTypeID }) => dataTypeID === CHAR);
    for (const field of result.fields ?? []) if (field.dataTypeID === CHAR) field.dataTypeID = TEXT;
    return result;
  };
  Object.assign(pool, { query: aware });
  const factory = new PrismaPg(pool);
  const connect = factory.connect.bind(factory);
  factory.connect = async () => {
    const adapter = await connect();
    const queryRaw = adapter.queryRaw.bind(adapter);
    adapter.queryRaw = async (statement) => {
      const result = await queryRaw(statement);
      const { chars } = pool;
      return {
        ...result,
        columnTypes: result.columnTypes.map((type, i) => (chars[i] ? ColumnTypeEnum.Character : type)),
      };
    };
    return adapter;
  };
  return factory;
}
