/** The base types a field can have. `timestamp` values are RFC 3339 strings or, going in, `Date`s. */
export type FieldBaseType = 'string' | 'number' | 'boolean' | 'timestamp';

/** A trailing `?` makes the field optional: absent or null in a record, null in a row. */
export type FieldType = FieldBaseType | `${FieldBaseType}?`;

/** The declared fields of a dataset, in order. */
export type Fields = Record<string, FieldType>;

/** Names that every record has already, or that are kept for the service. */
type ReservedName = 'timestamp' | 'context' | `__${string}`;

/** `F` when each of its names may be declared; otherwise the name at fault gets the type `never`. */
export type ValidFields<F extends Fields> = { [Name in keyof F]: Name extends ReservedName ? never : F[Name] };

/** The one definition for registering, ingesting and querying. Make one with {@link defineDataset}. */
export interface DatasetDefinition<F extends Fields = Fields> {
  readonly fields: Readonly<F>;
}

/** The fields of a definition, as a type. */
export type FieldsOf<Definition> = Definition extends DatasetDefinition<infer F> ? F : never;

/** A field's type without its `?`. */
export type BaseOf<Type extends FieldType> = Type extends `${infer Base extends FieldBaseType}?`
  ? Base
  : Extract<Type, FieldBaseType>;

type InputValue<Base extends FieldBaseType> = Base extends 'number'
  ? number
  : Base extends 'boolean'
    ? boolean
    : Base extends 'timestamp'
      ? string | Date
      : string;

type OptionalNames<F extends Fields> = { [Name in keyof F]: F[Name] extends `${string}?` ? Name : never }[keyof F];

/** The same type, shown as one object when hovered over. */
export type Simplify<T> = { [Key in keyof T]: T[Key] };

/** A record as it is handed to the ingest client. */
export type InputRecord<F extends Fields> = Simplify<
  {
    /** When it happened: a `Date`, or RFC 3339 with offset. Left out: now. */
    timestamp?: string | Date;
    /** Free JSON beside the declared fields, at most 32 levels deep. Left out: `{}`. */
    context?: Readonly<Record<string, unknown>>;
  } & { [Name in Exclude<keyof F, OptionalNames<F>>]: InputValue<BaseOf<F[Name]>> } & {
    [Name in OptionalNames<F>]?: InputValue<BaseOf<F[Name]>> | null | undefined;
  }
>;

/**
 * The record type of a definition.
 *
 * @example
 * type Order = RecordOf<typeof orders>;
 */
export type RecordOf<Definition> = InputRecord<FieldsOf<Definition>>;

/**
 * Defines a dataset: field names and their types, `string`, `number`, `boolean` or `timestamp`, each optionally
 * followed by `?`. `timestamp` and `context` are part of every record and not declared.
 *
 * Types are checked by the compiler; the remaining rules (names, at most 200 fields) when the schema is registered.
 *
 * @example
 * const orders = defineDataset({ country: 'string', amount: 'number', plan: 'string?' });
 */
export function defineDataset<const F extends Fields>(
  fields: F & ValidFields<F>,
): DatasetDefinition<{ -readonly [Name in keyof F]: F[Name] }> {
  return { fields: Object.freeze({ ...fields }) };
}
