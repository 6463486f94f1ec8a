const GAP = '   ';

/** Sets two texts side by side, each wrapped to `width` characters; words longer than that are kept whole. */
export function sideBySide(left: Column, right: Column, width: number): string[] {
  const columns = [left, right].map(({ title, text }) => [title, '-'.repeat(width), ...wrap(text, width)]);
  const [first = [], second = []] = columns;
  const rows = Math.max(first.length, second.length);
  return Array.from({ length: rows }, (_, row) =>
    `${(first[row] ?? '').padEnd(width)}${GAP}${second[row] ?? ''}`.trimEnd(),
  );
}

export interface Column {
  readonly title: string;
  readonly text: string;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return line === '' ? lines : [...lines, line];
}
