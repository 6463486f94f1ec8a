/** Values of one metric in the Prometheus text format, of all processes and labels. */
function values(text: string, name: string, label: string): number[] {
  return text
    .split('\n')
    .filter((each) => each.startsWith(`${name}{`) && each.includes(label))
    .map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)));
}

export function sumMetric(text: string, name: string, label = ''): number {
  return values(text, name, label).reduce((total, value) => total + value, 0);
}

export function maxMetric(text: string, name: string, label = ''): number {
  return Math.max(0, ...values(text, name, label));
}
