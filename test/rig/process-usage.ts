import { readFile } from 'node:fs/promises';

/** Resident memory of a process, KB; 0 when there is no such process. Linux only. */
export async function residentKb(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid ?? 0}/status`, 'utf8').catch(() => '');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0);
}

/** Processor time that a process used so far, ms; Linux counts it in hundredths of a second. */
export async function cpuMs(pid: number | undefined): Promise<number> {
  const stat = await readFile(`/proc/${pid ?? 0}/stat`, 'utf8').catch(() => '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * 10;
}

/** How long the main thread was ready to run and had no processor so far, ms: what other programs took from it. */
export async function starvedMs(pid: number | undefined): Promise<number> {
  const schedstat = await readFile(`/proc/${pid ?? 0}/schedstat`, 'utf8').catch(() => '');
  return Number(schedstat.split(' ')[1] ?? 0) / 1e6;
}
