import { readFileSync } from 'node:fs';

/** A fenced block of a page. */
export interface CodeBlock {
  /** First word after the fence: `ts`, `js`, `text`, … */
  language: string;
  /** What follows it. */
  mark: string;
  code: string;
  /** Of the fence, from 1. */
  line: number;
}

/** The fenced blocks of a Markdown file, in order. */
export function codeBlocks(file: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let open: CodeBlock | undefined;
  readFileSync(file, 'utf8')
    .split('\n')
    .forEach((text, i) => {
      const fence = /^```(\w*) *(.*)$/.exec(text);
      if (open !== undefined && text === '```') {
        blocks.push(open);
        open = undefined;
      } else if (open !== undefined) open.code += `${text}\n`;
      else if (fence !== null) open = { language: fence[1] ?? '', mark: fence[2] ?? '', code: '', line: i + 1 };
    });
  return blocks;
}
