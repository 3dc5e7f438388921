import { type Static, Type } from 'typebox';
import { LIMITS } from './limits.js';

/** The base types a field can have. */
export const FIELD_BASE_TYPES = ['string', 'number', 'boolean', 'timestamp'] as const;
export type FieldBaseType = (typeof FIELD_BASE_TYPES)[number];
/** `string?` may be absent or null in a record, `string` must be there. */
export type FieldType = FieldBaseType | `${FieldBaseType}?`;

/** What a field may be called. Names are also unique ignoring case. */
export const FIELD_NAME_PATTERN = '^[A-Za-z_][A-Za-z0-9_]{0,62}$';
/** Present in every record without being declared. */
export const IMPLIED_FIELDS = ['timestamp', 'context'] as const;
/** Names of columns of ours start with this; fields may not. */
export const RESERVED_FIELD_PREFIX = '__';

/** `{ country: "string", plan: "string?" }`, in the order of registration. */
export const Fields = Type.Record(
  Type.String({ pattern: FIELD_NAME_PATTERN }),
  Type.Union(
    FIELD_BASE_TYPES.flatMap((base) => [Type.Literal(base), Type.Literal(`${base}?` as const)]),
    { description: 'A trailing `?` makes the field optional: absent or null.' },
  ),
  {
    minProperties: 1,
    maxProperties: LIMITS.schemaFields,
    additionalProperties: false,
    examples: [{ country: 'string', amount: 'number', plan: 'string?' }],
  },
);
export type Fields = Record<string, FieldType>;

/** A registered schema. Immutable: `version` is 1 until schemas can evolve. */
export const Schema = Type.Object(
  { version: Type.Integer({ minimum: 1 }), fields: Fields },
  { $id: 'Schema', additionalProperties: false },
);
export type Schema = { version: number; fields: Fields };

const Timestamp = Type.String({ format: 'date-time' });

export const Dataset = Type.Object(
  {
    id: Type.Integer({ minimum: 1, description: 'Never reused, not even after deletion.' }),
    name: Type.String(),
    slug: Type.String({ description: 'Made from the first name; unique in the project; stays when the name changes.' }),
    description: Type.Union([Type.String(), Type.Null()]),
    isDefault: Type.Boolean({ description: 'Receives records sent without a dataset id.' }),
    schema: Type.Union([Type.Ref('Schema'), Type.Null()]),
    status: Type.Union([Type.Literal('pending_schema'), Type.Literal('active')]),
    retentionDays: Type.Optional(
      Type.Union([Type.Integer({ minimum: 1 }), Type.Null()], {
        description: 'Records whose timestamp is older than this many days are deleted in the background; null: kept.',
      }),
    ),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  },
  { $id: 'Dataset', additionalProperties: false },
);
export interface Dataset {
  id: number;
  name: string;
  slug: string;
  description: string | null;
  isDefault: boolean;
  schema: Schema | null;
  status: 'pending_schema' | 'active';
  /** Records whose timestamp is older than this many days are deleted in the background; null: they are kept. */
  retentionDays?: number | null;
  /** RFC 3339, UTC. */
  createdAt: string;
  updatedAt: string;
}

/** Text a person typed as a name: something visible, no control characters. */
export const Name = Type.String({ minLength: 1, maxLength: 200, pattern: '^(?=.*\\S)[^\\u0000-\\u001f\\u007f]*$' });
const Description = Type.Union([Type.String({ maxLength: 2000, pattern: '^[^\\u0000]*$' }), Type.Null()]);

const RetentionDays = Type.Union([Type.Integer({ minimum: 1, maximum: LIMITS.retentionDaysMax }), Type.Null()]);

export const CreateDatasetBody = Type.Object(
  { name: Name, description: Type.Optional(Description) },
  { $id: 'CreateDataset', additionalProperties: false },
);
export type CreateDatasetBody = Static<typeof CreateDatasetBody>;

export const UpdateDatasetBody = Type.Object(
  { name: Type.Optional(Name), description: Type.Optional(Description), retentionDays: Type.Optional(RetentionDays) },
  { $id: 'UpdateDataset', additionalProperties: false, minProperties: 1 },
);
export type UpdateDatasetBody = Static<typeof UpdateDatasetBody>;

/** `{ "fields": {…} }`, or the bare fields object. Field rules beyond shape are checked by `parseFields`. */
export const RegisterSchemaBody = Type.Object(
  {},
  {
    $id: 'RegisterSchema',
    additionalProperties: true,
    description: 'Either `{ "fields": { … } }` or the fields object itself.',
    examples: [{ fields: { country: 'string', amount: 'number' } }],
  },
);

export const DatasetAnswer = Type.Object({ dataset: Type.Ref('Dataset') }, { additionalProperties: false });
export const DatasetListAnswer = Type.Object(
  { datasets: Type.Array(Type.Ref('Dataset')) },
  { additionalProperties: false },
);
export const SchemaAnswer = Type.Object({ schema: Type.Ref('Schema') }, { additionalProperties: false });
export const RegisteredSchemaAnswer = Type.Object(
  { dataset: Type.Ref('Dataset'), schema: Type.Ref('Schema') },
  { additionalProperties: false },
);
