/** A metric's lines: what it is, then its values. */
interface Family {
  readonly head: readonly string[];
  readonly values: string[];
}

/**
 * Several answers in the Prometheus text format as one: each metric is described once, with the values of all. They must
 * differ in a label, since nothing is added up.
 */
export function mergeExpositions(texts: readonly string[]): string {
  const families = new Map<string, Family>();
  for (const text of texts) {
    for (const block of text.split(/^(?=# HELP )/m)) {
      const lines = block.split('\n').filter((line) => line !== '');
      const head = lines.filter((line) => line.startsWith('#'));
      const name = /^# HELP (\S+)/.exec(head[0] ?? '')?.[1];
      if (name === undefined) continue;
      const family = families.get(name) ?? { head, values: [] };
      families.set(name, family);
      family.values.push(...lines.filter((line) => !line.startsWith('#')));
    }
  }
  const lines = [...families.values()].flatMap(({ head, values }) => [...head, ...values]);
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}
