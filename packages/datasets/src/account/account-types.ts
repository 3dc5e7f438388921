// Times are RFC 3339, UTC. Compile-time tests compare these types with the contract's own.

/** Viewers read and query; editors also change datasets; owners also manage keys and members. */
export type Role = 'viewer' | 'editor' | 'owner';

export interface Account {
  id: number;
  email: string;
  name: string;
  createdAt: string;
}

/** A personal access token, without its secret. */
export interface Token {
  id: number;
  name: string;
  createdAt: string;
  expiresAt: string | null;
  /** To the minute. */
  lastUsedAt: string | null;
  revokedAt: string | null;
}

export interface Project {
  id: number;
  name: string;
  slug: string;
  /** The calling account's. */
  role: Role;
  createdAt: string;
  updatedAt: string;
}

export interface Member {
  accountId: number;
  email: string;
  name: string;
  role: Role;
  createdAt: string;
}

/** A project API key, without its secret. */
export interface ProjectKey {
  id: number;
  name: string;
  /** `server` keys stay on trusted machines; `browser` keys may be public and are bound to origins. */
  kind: 'server' | 'browser';
  allowedOrigins: string[];
  createdAt: string;
  expiresAt: string | null;
  /** To the minute; null: never. */
  lastUsedAt: string | null;
  revokedAt: string | null;
}

export interface CreateToken {
  name: string;
  /** In the future. Absent or null: never. */
  expiresAt?: string | null;
}

export interface CreateKey {
  name: string;
  /** Default `server`. */
  kind?: 'server' | 'browser';
  /** Needed by, and only for, browser keys: scheme, host and port, as a browser sends it. */
  allowedOrigins?: string[];
  expiresAt?: string | null;
}

export interface UpdateKey {
  name?: string;
  allowedOrigins?: string[];
}

/** One change that somebody made. */
export interface AuditEvent {
  id: number;
  at: string;
  /** `accountId` null: an administrator on the server. */
  actor: { accountId: number | null; email: string | null; tokenId: number | null };
  /** Such as `dataset.create`. */
  action: string;
  target: { type: string; id: string };
  details: Record<string, unknown>;
  requestId: string | null;
  address: string | null;
}

/** A page of the audit log, newest first. */
export interface AuditPage {
  events: AuditEvent[];
  /** `before` of the next, older page; null on the last. */
  nextBefore: number | null;
}
