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
  const data = bars.map(({ label, value }) => ({ label: fit(safeLine(label), maxLabel), value: Math.max(0, value) }));
  const texts = bars.map(({ value }) => formatNumber(value));
  const labels = Math.max(...data.map(({ label }) => stringWidth(label)));
  const values = Math.max(...texts.map((text) => text.length));
  const chart = new Chartscii(data, {
    // Two for the axis and its space, one before the value.
    width: Math.max(10, width - labels - values - 3),
    barSize: 1,
    padding: 0,
    colorLabels: false,
  });
  const lines = stripVTControlCharacters(chart.create()).replace(/^\n/, '').split('\n');
  return lines.map((line, i) => `${line.trimEnd()}${texts[i] === undefined ? '' : ` ${texts[i]}`}\n`).join('');
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
