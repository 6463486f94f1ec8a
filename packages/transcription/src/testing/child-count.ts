import { readdir, readFile } from 'node:fs/promises';

/** Ids of this process' direct children whose command line holds the text (Linux `/proc`). */
export async function childrenNamed(text: string): Promise<number[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const matches = await Promise.all(
    ids.map(async (id) => {
      const status = await readFile(`/proc/${id}/stat`, 'utf8').catch(() => '');
      const command = await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '');
      const parent = Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[1]);
      return parent === process.pid && command.includes(text) ? Number(id) : undefined;
    }),
  );
  return matches.filter((id) => id !== undefined);
}
