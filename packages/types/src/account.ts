import { type Static, Type } from 'typebox';
import { Name } from './dataset.js';

const Timestamp = Type.String({ format: 'date-time' });
const NullableTimestamp = Type.Union([Timestamp, Type.Null()]);
const closed = { additionalProperties: false } as const;

export const ROLES = ['viewer', 'editor', 'owner'] as const;
/** Viewers read and query; editors also change datasets; owners also manage keys and members. */
export type Role = (typeof ROLES)[number];
const RoleSchema = Type.Union(ROLES.map((role) => Type.Literal(role)));

/** Whether a role may do what another role may. */
export function roleAtLeast(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

const Email = Type.String({ maxLength: 254, pattern: '^[^\\s@\\u0000-\\u001f]+@[^\\s@\\u0000-\\u001f]+$' });
/** How long a rotated credential keeps working beside its successor. */
const OverlapSeconds = Type.Optional(
  Type.Integer({
    minimum: 0,
    maximum: 30 * 24 * 3600,
    description: 'Seconds the old credential keeps working. Default 0.',
  }),
);
const FutureTimestamp = Type.Optional(
  Type.Union([Type.String({ format: 'date-time', description: 'Must lie in the future.' }), Type.Null()]),
);

export const Token = Type.Object(
  {
    id: Type.Integer(),
    name: Type.String(),
    createdAt: Timestamp,
    expiresAt: NullableTimestamp,
    lastUsedAt: Type.Union([Timestamp, Type.Null()], { description: 'To the minute.' }),
    revokedAt: NullableTimestamp,
  },
  { $id: 'Token', ...closed },
);
export type Token = Static<typeof Token>;

export const Account = Type.Object(
  { id: Type.Integer(), email: Type.String(), name: Type.String(), createdAt: Timestamp },
  { $id: 'Account', ...closed },
);
export type Account = Static<typeof Account>;

export const MeAnswer = Type.Object({ account: Type.Ref('Account'), token: Type.Ref('Token') }, closed);
export const TokenListAnswer = Type.Object({ tokens: Type.Array(Type.Ref('Token')) }, closed);
export const NewTokenAnswer = Type.Object(
  { token: Type.Ref('Token'), secret: Type.String({ description: 'Shown this once; begins with `pat_`.' }) },
  closed,
);
export const CreateTokenBody = Type.Object(
  { name: Name, expiresAt: FutureTimestamp },
  { $id: 'CreateToken', ...closed },
);
export type CreateTokenBody = Static<typeof CreateTokenBody>;
export const RotateBody = Type.Object({ overlapSeconds: OverlapSeconds }, { $id: 'Rotate', ...closed });
export type RotateBody = Static<typeof RotateBody>;

export const Project = Type.Object(
  {
    id: Type.Integer(),
    name: Type.String(),
    slug: Type.String(),
    role: RoleSchema,
    createdAt: Timestamp,
    updatedAt: Timestamp,
  },
  { $id: 'Project', ...closed },
);
export type Project = Omit<Static<typeof Project>, 'role'> & { /** The calling account's. */ role: Role };
export const ProjectAnswer = Type.Object({ project: Type.Ref('Project') }, closed);
export const ProjectListAnswer = Type.Object({ projects: Type.Array(Type.Ref('Project')) }, closed);
export const CreateProjectBody = Type.Object({ name: Name }, { $id: 'CreateProject', ...closed });
export type CreateProjectBody = Static<typeof CreateProjectBody>;
export const UpdateProjectBody = Type.Object({ name: Name }, { $id: 'UpdateProject', ...closed });
export type UpdateProjectBody = Static<typeof UpdateProjectBody>;

export const Member = Type.Object(
  { accountId: Type.Integer(), email: Type.String(), name: Type.String(), role: RoleSchema, createdAt: Timestamp },
  { $id: 'Member', ...closed },
);
export type Member = Omit<Static<typeof Member>, 'role'> & { role: Role };
export const MemberAnswer = Type.Object({ member: Type.Ref('Member') }, closed);
export const MemberListAnswer = Type.Object({ members: Type.Array(Type.Ref('Member')) }, closed);
export const AddMemberBody = Type.Object({ email: Email, role: RoleSchema }, { $id: 'AddMember', ...closed });
export interface AddMemberBody {
  email: string;
  role: Role;
}
export const UpdateMemberBody = Type.Object({ role: RoleSchema }, { $id: 'UpdateMember', ...closed });
export interface UpdateMemberBody {
  role: Role;
}

const Origin = Type.String({
  maxLength: 300,
  pattern: '^https?://[^/\\s?#@\\u0000-\\u001f]+$',
  description: 'As a browser sends it: scheme, host and port, no path (RFC 6454 §7).',
});
export const ProjectKey = Type.Object(
  {
    id: Type.Integer(),
    name: Type.String(),
    kind: Type.Union([Type.Literal('server'), Type.Literal('browser')]),
    allowedOrigins: Type.Array(Type.String()),
    createdAt: Timestamp,
    expiresAt: NullableTimestamp,
    lastUsedAt: Type.Union([Timestamp, Type.Null()], {
      description: 'By whatever request, to the minute; null: never.',
    }),
    revokedAt: NullableTimestamp,
  },
  { $id: 'ProjectKey', ...closed },
);
export type ProjectKey = Static<typeof ProjectKey>;
export const KeyAnswer = Type.Object({ key: Type.Ref('ProjectKey') }, closed);
export const KeyListAnswer = Type.Object({ keys: Type.Array(Type.Ref('ProjectKey')) }, closed);
export const NewKeyAnswer = Type.Object(
  { key: Type.Ref('ProjectKey'), secret: Type.String({ description: 'Shown this once; a signed JWT.' }) },
  closed,
);
export const CreateKeyBody = Type.Object(
  {
    name: Name,
    kind: Type.Optional(
      Type.Union([Type.Literal('server'), Type.Literal('browser')], { description: 'Default `server`.' }),
    ),
    allowedOrigins: Type.Optional(
      Type.Array(Origin, { maxItems: 100, uniqueItems: true, description: 'Needed by, and only for, browser keys.' }),
    ),
    expiresAt: FutureTimestamp,
  },
  { $id: 'CreateKey', ...closed },
);
export type CreateKeyBody = Static<typeof CreateKeyBody>;
export const UpdateKeyBody = Type.Object(
  {
    name: Type.Optional(Name),
    allowedOrigins: Type.Optional(Type.Array(Origin, { maxItems: 100, uniqueItems: true })),
  },
  { $id: 'UpdateKey', ...closed, minProperties: 1 },
);
export type UpdateKeyBody = Static<typeof UpdateKeyBody>;

export const AuditEvent = Type.Object(
  {
    id: Type.Integer(),
    at: Timestamp,
    actor: Type.Object(
      {
        accountId: Type.Union([Type.Integer(), Type.Null()], { description: 'null: an administrator on the server.' }),
        email: Type.Union([Type.String(), Type.Null()]),
        tokenId: Type.Union([Type.Integer(), Type.Null()]),
      },
      closed,
    ),
    action: Type.String({ examples: ['dataset.create', 'key.revoke'] }),
    target: Type.Object({ type: Type.String(), id: Type.String() }, closed),
    details: Type.Record(Type.String(), Type.Unknown()),
    requestId: Type.Union([Type.String(), Type.Null()]),
    address: Type.Union([Type.String(), Type.Null()]),
  },
  { $id: 'AuditEvent', ...closed },
);
export type AuditEvent = Static<typeof AuditEvent>;
export const AuditAnswer = Type.Object(
  {
    events: Type.Array(Type.Ref('AuditEvent')),
    nextBefore: Type.Union([Type.Integer(), Type.Null()], {
      description: 'Pass as `before` for the next, older page; null on the last.',
    }),
  },
  closed,
);
export const AuditQuery = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: 'Default 50.' })),
    before: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  closed,
);
export interface AuditQuery {
  limit?: number;
  before?: number;
}
