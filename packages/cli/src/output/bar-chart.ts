import { stripVTControlCharacters } from 'node:util';
import Chartscii from 'chartscii';
import stringWidth from 'string-width';
import { formatNumber } from './numbers.js';
import { safeLine } from './safe-text.js';

/** One bar. */
export interface Bar {
  label: string;
  value: number;
}

/** A label takes at most this share of the line. */
const LABEL_SHARE = 0.4;

/** Horizontal bars, one a line, each with its value; a bar below zero has no length. */
export function barChart(bars: readonly Bar[], width: number): string {
  const maxLabel = Math.floor(width * LABEL_SHARE);
  const data = bars.map(({ label, value }) => ({ label: fit(safeLine(label), maxLabel), value }));
  const labels = Math.max(...data.map(({ label }) => stringWidth(label)));
  const values = Math.max(...data.map(({ value }) => formatNumber(value).length));
  const chart = new Chartscii(data, {
    // Two for the axis and its space, one before the value.
    width: Math.max(10, width - labels - values - 3),
    barSize: 1,
    padding: 0,
    valueLabels: true,
    colorLabels: false,
  });
  return `${stripVTControlCharacters(chart.create()).replace(/^\n/, '')}\n`;
}

function fit(text: string, max: number): string {
  if (stringWidth(text) <= max) return text;
  let kept = '';
  for (const char of text) {
    if (stringWidth(kept + char) >= max) break;
    kept += char;
  }
  return `${kept}…`;
}
