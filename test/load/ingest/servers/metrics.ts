/** One value of the Prometheus text format; 0 while nothing was counted under it. */
export function readMetric(text: string, name: string, label = ''): number {
  const line = text.split('\n').find((each) => each.startsWith(`${name}{`) && each.includes(label));
  return line === undefined ? 0 : Number(line.slice(line.lastIndexOf(' ') + 1));
}

/** The sum over all labels. */
export function sumMetric(text: string, name: string, label = ''): number {
  return text
    .split('\n')
    .filter((each) => each.startsWith(`${name}{`) && each.includes(label))
    .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
