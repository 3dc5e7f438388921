import { PrismaPg } from '@prisma/adapter-pg';
import { Pool } from 'pg';
import { type Prisma, PrismaClient } from '../generated/prisma/client.js';

/** A transaction of {@link Database.prisma}. */
export type Transaction = Prisma.TransactionClient;

/** Options of {@link openDatabase}. */
export interface DatabaseOptions {
  /** `postgres://…`. */
  url: string;
  /** Connections at the most. */
  poolSize: number;
  /** How long a request waits for a free connection, or for a new one to be made, in milliseconds. */
  connectTimeoutMs: number;
  /** After this PostgreSQL gives up on a statement, and a moment later we give up on PostgreSQL, in milliseconds. */
  statementTimeoutMs: number;
  /** Told of idle connections that broke; nothing needs to be done about them. */
  onConnectionLost?: (error: Error) => void;
}

/** The control plane's own connections: one bounded pool, under Prisma and under plain SQL alike. */
export interface Database {
  pool: Pool;
  prisma: PrismaClient;
  close(): Promise<void>;
}

/** Connects on first use; a database that is away makes each use fail quickly, until it is back. */
export function openDatabase(options: DatabaseOptions): Database {
  const onConnectionLost = options.onConnectionLost ?? (() => undefined);
  const pool = new Pool({
    connectionString: options.url,
    application_name: 'loguro-control-plane',
    max: options.poolSize,
    connectionTimeoutMillis: options.connectTimeoutMs,
    statement_timeout: options.statementTimeoutMs,
    // For a server that no longer answers at all; one that does has cancelled the statement before.
    query_timeout: options.statementTimeoutMs + 1000,
    idle_in_transaction_session_timeout: 30_000,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
  });
  pool.on('error', onConnectionLost);
  const adapter = new PrismaPg(pool, { onConnectionError: onConnectionLost });
  const prisma = new PrismaClient({
    adapter,
    errorFormat: 'minimal',
    transactionOptions: { maxWait: options.connectTimeoutMs, timeout: 30_000 },
  });
  return {
    pool,
    prisma,
    async close() {
      await prisma.$disconnect();
      await pool.end();
    },
  };
}
