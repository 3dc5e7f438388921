import { parse } from 'libpg-query';

/** Something in a migration that hurts services which run meanwhile. */
export interface Fault {
  /** The line of the statement. */
  line: number;
  rule: Rule;
  sentence: string;
}

/** What each rule asks for, and why. */
export const RULES = {
  'statement-not-known-safe':
    'only statements that are known to be safe may stand in a migration; see docs/operations/upgrades.md',
  'whole-table-write':
    'changing rows locks them until the end: let the maintenance of the new release do it in batches',
  'removes-what-old-services-use':
    'the previous release still uses it: stop using it in one release, remove it in the next (then as an exception)',
  'refused-to-old-services': 'the previous release may still need the privilege',
  setting: 'only lock_timeout may be set, to five seconds at the most: the runner sets it to one, and tries again',
  'rewrites-the-table':
    'PostgreSQL writes the whole table anew, and nobody can read it meanwhile: add another column instead',
  'volatile-default': 'the default has to be computed for every row: use a constant, or none',
  'needs-a-default': 'rows that are there have no value, and the previous release writes none',
  'constraint-in-column':
    'PostgreSQL checks every row with the table locked: add it as a constraint that is NOT VALID, and validate it in a migration of its own',
  'constraint-not-valid':
    'PostgreSQL checks every row with the table locked: say NOT VALID, and validate it in a migration of its own',
  'validate-alone': 'it reads the whole table: in a migration of its own it holds no lock that blocks writes',
  'not-null-scans': 'PostgreSQL reads the whole table with it locked, unless a validated CHECK says the same',
  'index-concurrently': 'writes wait while the index is built: say CONCURRENTLY, in a migration of its own',
  'concurrently-alone': 'CONCURRENTLY works outside transactions only: it must be the only statement of its migration',
  'enum-value': 'the previous release does not know the value: it must never meet it',
} as const;
export type Rule = keyof typeof RULES;

/** Statements that wait for a moment at the most, and take nothing away. */
const SAFE = new Set([
  'CreateStmt',
  'CreateSchemaStmt',
  'CreateEnumStmt',
  'CreateSeqStmt',
  'CreateStatsStmt',
  'CreateFunctionStmt',
  'CreateTrigStmt',
  'CommentStmt',
  // OR REPLACE only ever adds columns at the end.
  'ViewStmt',
]);

const UNSAFE: Readonly<Record<string, Rule>> = {
  UpdateStmt: 'whole-table-write',
  DeleteStmt: 'whole-table-write',
  TruncateStmt: 'whole-table-write',
  RenameStmt: 'removes-what-old-services-use',
  AlterObjectSchemaStmt: 'removes-what-old-services-use',
  AlterEnumStmt: 'enum-value',
};

const SAFE_CHANGES = new Set(['AT_ColumnDefault', 'AT_SetStatistics', 'AT_SetRelOptions']);

const UNSAFE_CHANGES: Readonly<Record<string, Rule>> = {
  AT_AlterColumnType: 'rewrites-the-table',
  AT_SetNotNull: 'not-null-scans',
  AT_DropColumn: 'removes-what-old-services-use',
  AT_DropConstraint: 'removes-what-old-services-use',
};

/** A node of PostgreSQL's own parse tree; its shapes are those of PostgreSQL's parsenodes.h. */
type Node = { readonly [key: string]: unknown };

/**
 * Judges the SQL of a migration by PostgreSQL's own parser. What is not known to be safe is a fault: whoever needs it
 * either adds it here or makes an exception, and says why.
 *
 * @throws Error when PostgreSQL would not understand it
 */
export async function faultsOf(script: string): Promise<Fault[]> {
  const { stmts = [] } = (await parse(script)) as { stmts?: { stmt?: Node; stmt_location?: number }[] };
  const made = new Set(stmts.flatMap(({ stmt = {} }) => ('CreateStmt' in stmt ? [nameOf(stmt.CreateStmt)] : [])));
  return stmts.flatMap(({ stmt = {}, stmt_location = 0 }) => {
    const [[kind, body] = ['', {}]] = Object.entries(stmt) as [string, Node][];
    const line = lineOf(script, stmt_location);
    const rules = judge(kind, body as Node, { made, alone: stmts.length === 1 });
    return rules.map((rule) => ({ line, rule, sentence: RULES[rule] }));
  });
}

interface Context {
  /** Tables that the migration itself creates: nobody uses them yet. */
  made: ReadonlySet<string>;
  /** The migration is this one statement. */
  alone: boolean;
}

function judge(kind: string, body: Node, context: Context): Rule[] {
  const isNew = 'relation' in body && context.made.has(nameOf(body));
  if (kind === 'AlterTableStmt') return isNew ? [] : changesOf(body).flatMap((change) => judgeChange(change, context));
  if (kind === 'IndexStmt') return isNew ? [] : judgeConcurrent(body, context, 'index-concurrently');
  if (kind === 'DropStmt') {
    const rule = body.removeType === 'OBJECT_INDEX' ? 'index-concurrently' : 'removes-what-old-services-use';
    return judgeConcurrent(body, context, rule);
  }
  if (kind === 'InsertStmt') return isNew ? [] : ['whole-table-write'];
  if (kind === 'VariableSetStmt') return isShortLockTimeout(body) ? [] : ['setting'];
  if (kind === 'GrantStmt') return body.is_grant === true ? [] : ['refused-to-old-services'];
  return SAFE.has(kind) ? [] : [UNSAFE[kind] ?? 'statement-not-known-safe'];
}

/** `SET lock_timeout = '5s'` or less; PostgreSQL's parser keeps the value as it was written. */
function isShortLockTimeout({ name, kind, args = [] }: Node): boolean {
  if (name !== 'lock_timeout' || kind !== 'VAR_SET_VALUE') return false;
  const [, amount, unit] = /"(?:sval|ival)":"?(\d+)(ms|s)?"?\}/.exec(JSON.stringify(args)) ?? [];
  const milliseconds = Number(amount) * (unit === 's' ? 1000 : 1);
  return milliseconds > 0 && milliseconds <= 5000;
}

function judgeConcurrent({ concurrent }: Node, { alone }: Context, otherwise: Rule): Rule[] {
  if (concurrent !== true) return [otherwise];
  return alone ? [] : ['concurrently-alone'];
}

function judgeChange({ subtype, def }: Node, { alone }: Context): Rule[] {
  if (subtype === 'AT_AddColumn') return judgeColumn((def as { ColumnDef: Node }).ColumnDef);
  if (subtype === 'AT_AddConstraint') {
    return (def as { Constraint: Node }).Constraint.skip_validation === true ? [] : ['constraint-not-valid'];
  }
  if (subtype === 'AT_ValidateConstraint') return alone ? [] : ['validate-alone'];
  if (SAFE_CHANGES.has(String(subtype))) return [];
  return [UNSAFE_CHANGES[String(subtype)] ?? 'statement-not-known-safe'];
}

function judgeColumn({ typeName, constraints = [] }: Node): Rule[] {
  const found = (constraints as { Constraint: Node }[]).map(({ Constraint }) => Constraint);
  const of = (type: string) => found.find(({ contype }) => contype === type);
  const other = found.some(
    ({ contype }) => !['CONSTR_NOTNULL', 'CONSTR_NULL', 'CONSTR_DEFAULT'].includes(String(contype)),
  );
  const standard = of('CONSTR_DEFAULT');
  const rules: Rule[] = [];
  if (other) rules.push('constraint-in-column');
  // serial is nextval() in disguise.
  if (/serial/.test(JSON.stringify(typeName))) rules.push('volatile-default');
  else if (standard !== undefined && !isConstant(standard.raw_expr as Node)) rules.push('volatile-default');
  else if (standard === undefined && of('CONSTR_NOTNULL') !== undefined) rules.push('needs-a-default');
  return rules;
}

/** Whether a default is the same for every row, so that PostgreSQL only notes it down. */
function isConstant(expression: Node): boolean {
  const [[kind, body] = ['', {}]] = Object.entries(expression) as [string, Node][];
  if (kind === 'TypeCast') return isConstant((body as { arg: Node }).arg);
  return (
    kind === 'A_Const' || kind === 'SQLValueFunction' || (kind === 'A_ArrayExpr' && !('elements' in (body as Node)))
  );
}

function changesOf({ cmds }: Node): Node[] {
  return (cmds as { AlterTableCmd: Node }[]).map(({ AlterTableCmd }) => AlterTableCmd);
}

/** The table a statement is about, as `schema.name`. */
function nameOf(statement: unknown): string {
  const { relation } = statement as { relation?: { schemaname?: string; relname?: string } };
  return `${relation?.schemaname ?? 'public'}.${relation?.relname}`;
}

/** PostgreSQL counts from the end of the statement before: what comes first of this one is blank or a comment. */
function lineOf(script: string, location: number): number {
  const rest = Buffer.from(script).subarray(location).toString();
  const blank = /^(\s|--.*(\n|$)|\/\*[\s\S]*?\*\/)*/.exec(rest)?.[0] ?? '';
  return Buffer.from(script).subarray(0, location).toString().concat(blank).split('\n').length;
}
