import type { Query, QueryResult } from '@loguro/datasets';
import { LIMITS } from '@loguro/types';
import { type Command, Option } from 'commander';
import { collect, positiveNumber } from '../arguments.js';
import { CliError } from '../cli-error.js';
import type { Column } from '../output/formats.js';
import type { Context, Registry } from '../program.js';
import { buildQuery, needsFields, type QueryFlags } from '../query/build-query.js';
import { CHARTS, type ChartKind } from '../query/chart-kinds.js';
import { streamRows } from '../query/stream-rows.js';
import { readStdin, readText } from '../schema/definition.js';

/** All flags of the command. */
interface Flags extends QueryFlags {
  query?: string;
  all?: boolean;
  chart?: ChartKind;
  explain?: boolean;
}

const QUERY_FLAGS = ['select', 'where', 'groupBy', 'having', 'orderBy', 'timezone', 'limit', 'fill'] as const;

export function addQuery(program: Command, { run }: Registry): void {
  program
    .command('query')
    .argument('<dataset>', 'id, slug or name')
    .description('Ask a question of a dataset.')
    .option('-s, --select <terms>', 'fields, aggregates, time buckets: "country, sum(amount) as total"', collect)
    .option('-w, --where <condition>', '"plan = pro", "amount > 20", "country in RO,DE"; repeatable, all hold', collect)
    .option('-g, --group-by <terms>', 'fields and buckets: "country, day(timestamp)"', collect)
    .option('--having <condition>', 'of groups: "count() > 10"; repeatable', collect)
    .option('-o, --order-by <terms>', 'columns, fields or aggregates; -name is descending', collect)
    .option('--from <time>', '7d, 24h, 2026-06-01, or with offset (default: 7 days before --to)')
    .option('--to <time>', 'the same, both ends included (default: now)')
    .option('--timezone <name>', 'of time buckets, such as Europe/Bucharest (default: UTC)')
    .option('-n, --limit <rows>', 'default 100 (1000 with --fill), at most 1000', positiveNumber)
    .option('--fill', 'also show time buckets without records')
    .option('--query <file>', 'the query as JSON, from a file or - for stdin')
    .option('--all', 'all rows, streamed; as csv or ndjson')
    .addOption(new Option('--chart <kind>', 'draw the answer').choices(CHARTS))
    .option('--explain', 'show the SQL and the estimate instead of an answer')
    .addHelpText(
      'after',
      `
Aggregates: count sum avg min max count_distinct p50 p90 p95 p99. Buckets: minute hour day week month.
Operators: = != > >= < <= in not_in contains starts_with is_null is_not_null.
Conditions joined by "or" and "not" can be written as JSON, with --query.

Examples:
  $ loguro query orders
  $ loguro query orders -s 'timestamp, country, amount' -w 'amount > 20' -o -amount
  $ loguro query orders -g country -s 'country, count(), sum(amount) as total' -o -total --chart bar
  $ loguro query orders -g 'day(timestamp)' --from 30d --fill --chart line
  $ loguro query orders -s 'timestamp, country, amount' --all --format csv > orders.csv
  $ echo '{"select":[{"aggregate":"count"}]}' | loguro query orders --query -
`,
    )
    .action(run<Flags>(query));
}

async function query(context: Context<Flags>, reference: string): Promise<undefined> {
  const { session, out, flags } = context;
  const dataset = await session.dataset(reference);
  const client = await session.datasets();
  const asked = await readQuery(context, dataset.schema?.fields ?? {});
  const options = { signal: session.signal };
  if (flags.explain) {
    const explanation = await client.explain(dataset.id, asked, options);
    if (out.format === 'json') return void (await out.json(explanation));
    await out.data(`${explanation.sql}\n`);
    await out.note(`\nParameters: ${JSON.stringify(explanation.parameters)}`);
    await out.note(`Estimated rows: ${explanation.estimatedRows}`);
    return undefined;
  }
  if (flags.all) return streamRows(context, client, dataset.id, asked);
  const result = await client.query(dataset.id, asked, options);
  if (flags.chart !== undefined) {
    const { drawChart } = await import('../query/chart.js');
    await out.data(drawChart(flags.chart, result, out.width));
  } else {
    const columns = result.columns.map(
      ({ name, type }): Column => ({ key: name, align: type === 'number' ? 'right' : 'left' }),
    );
    await out.rows(result.rows, columns, { document: result, empty: 'No rows.' });
  }
  await out.note(remark(result));
  // Fewer rows than were asked for, and nothing in the answer's rows to tell: in a pipe nobody sees a remark.
  if (result.truncated && (asked.limit === undefined || asked.limit > result.rowCount)) {
    const limit = result.rowCount < LIMITS.queryLimitMax ? `, or a --limit up to ${LIMITS.queryLimitMax}` : '';
    await out.warn(`only ${result.rowCount} rows are here, and there are more: use --all${limit}.`);
  }
  return undefined;
}

async function readQuery({ flags, host }: Context<Flags>, fields: Parameters<typeof buildQuery>[1]): Promise<Query> {
  const { query: path, ...rest } = flags;
  if (path === undefined) return buildQuery(rest, needsFields(rest) ? fields : {}, host.now());
  const given = QUERY_FLAGS.filter((name) => flags[name] !== undefined);
  if (given.length > 0) {
    throw new CliError('--query has the whole query; the other flags that say what to ask go into it.', {
      hints: [
        `Leave out: ${given.map((name) => `--${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`).join(', ')}`,
      ],
    });
  }
  const text = path === '-' ? await readStdin(host) : await readText(host, path);
  try {
    const { range } = buildQuery(
      { ...(flags.from && { from: flags.from }), ...(flags.to && { to: flags.to }) },
      {},
      host.now(),
    );
    return { ...(JSON.parse(text) as Query), ...(range && { range }) };
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(`The query is not JSON: ${(error as Error).message}`, { cause: error });
  }
}

function remark({ rowCount, elapsedMs, range, truncated }: QueryResult): string {
  const count = rowCount === 1 ? '1 row' : `${rowCount} rows`;
  const rest = truncated ? '; there are more' : '';
  return `\n${count} from ${range.from} to ${range.to} in ${Math.round(elapsedMs)} ms${rest}`;
}
