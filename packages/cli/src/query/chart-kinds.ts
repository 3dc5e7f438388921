export const CHARTS = ['bar', 'line'] as const;
/** How an answer can be drawn. */
export type ChartKind = (typeof CHARTS)[number];
