/** What other query languages call what is asked for here; both without case, spaces, `_` and `-`. */
const OTHER_WORDS: Readonly<Record<string, string>> = {
  '==': '=',
  '===': '=',
  eq: '=',
  is: '=',
  '<>': '!=',
  '!==': '!=',
  ne: '!=',
  neq: '!=',
  gt: '>',
  gte: '>=',
  ge: '>=',
  lt: '<',
  lte: '<=',
  le: '<=',
  nin: 'not_in',
  like: 'contains',
  ilike: 'contains',
  has: 'contains',
  prefix: 'starts_with',
  exists: 'is_not_null',
  mean: 'avg',
  average: 'avg',
  total: 'sum',
  median: 'p50',
  distinct: 'count_distinct',
  unique: 'count_distinct',
  uniq: 'count_distinct',
  dcount: 'count_distinct',
  '1m': 'minute',
  '1h': 'hour',
  '1d': 'day',
  '1w': 'week',
  ascending: 'asc',
  descending: 'desc',
};

/** The one of some constants that a word means elsewhere, or but for its spelling: `==`, `not in`, `hours`. */
export function meantConstant(word: unknown, constants: readonly unknown[]): string | undefined {
  if (typeof word !== 'string' || word.length > 40) return undefined;
  const plain = normal(word);
  const other = Object.hasOwn(OTHER_WORDS, plain) ? OTHER_WORDS[plain] : undefined;
  const names = constants.filter((constant) => typeof constant === 'string');
  return names.find((name) => name === other || normal(name) === plain || `${normal(name)}s` === plain);
}

function normal(word: string): string {
  return word.toLowerCase().replaceAll(/[\s_-]/g, '');
}
