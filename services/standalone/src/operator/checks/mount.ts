import type { Finding } from './finding.ts';

/** Where a folder lies: one line of /proc/self/mountinfo (proc(5)). */
export interface Mount {
  readonly point: string;
  readonly type: string;
  /** Of the mount and of its file system together. */
  readonly options: readonly string[];
}

const MEMORY = new Set(['tmpfs', 'ramfs', 'devtmpfs', 'rootfs']);
const LAYERS = new Set(['overlay', 'aufs', 'squashfs']);
const REMOTE = new Set([
  'nfs',
  'nfs4',
  'cifs',
  'smb3',
  'smbfs',
  '9p',
  'ceph',
  'glusterfs',
  'lustre',
  'afs',
  'virtiofs',
]);
/** Without write barriers a power cut takes what was synced. */
const UNSAFE = new Set(['nobarrier', 'barrier=0', 'nobarriers', 'disable_ext_flush']);
const DOUBTFUL = new Set([
  'journal_async_commit',
  'norecovery',
  'noload',
  'nolog',
  'notreelog',
  'data=writeback',
]);

/** The mount that holds an absolute path without links; undefined when none can be told. */
export function findMount(mountinfo: string, path: string): Mount | undefined {
  let found: Mount | undefined;
  for (const line of mountinfo.split('\n')) {
    const mount = parseLine(line);
    if (mount === undefined || !holds(mount.point, path)) continue;
    // Of mounts on the same point the last one is on top.
    if (found === undefined || mount.point.length >= found.point.length) found = mount;
  }
  return found;
}

function parseLine(line: string): Mount | undefined {
  const [own = '', system] = line.split(' - ');
  if (system === undefined) return undefined;
  const [, , , , point = '', options = ''] = own.split(' ');
  const [type = '', , superOptions = ''] = system.split(' ');
  return {
    point: point.replace(/\\([0-7]{3})/g, (_all, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    ),
    type,
    options: [...options.split(','), ...superOptions.split(',')].filter((option) => option !== ''),
  };
}

function holds(point: string, path: string): boolean {
  return point === '/' || path === point || path.startsWith(`${point}/`);
}

/** Can what is synced there survive a power cut, as far as the mount tells? */
export function judgeMount(mount: Mount | undefined, folder: string): Omit<Finding, 'subject'> {
  if (mount === undefined) {
    const sentence = `it cannot be told what file system holds ${folder}; use a local disk`;
    return { verdict: 'warn', sentence };
  }
  const { type, options } = mount;
  const place = `${folder} is on ${type}`;
  const unsafe = options.find((option) => UNSAFE.has(option));
  const doubtful = options.find((option) => DOUBTFUL.has(option));
  if (MEMORY.has(type)) {
    return fail(
      `${place}: memory, which a restart of the machine empties; choose a disk with EARSHOT_JOURNAL_DIR`,
    );
  }
  if (options.includes('ro')) return fail(`${place}, which is mounted read-only`);
  if (unsafe !== undefined) {
    return fail(`${place} with ${unsafe}: a power cut takes what was synced; mount it without that option`);
  }
  if (LAYERS.has(type)) return warn(`${place}: a layer that goes with its container; mount a volume there`);
  if (REMOTE.has(type)) return warn(`${place}: another machine decides what a sync means; use a local disk`);
  if (type.startsWith('fuse')) return warn(`${place}: a program decides what a sync means; use a local disk`);
  if (doubtful !== undefined) return warn(`${place} with ${doubtful}, which weakens what a sync means`);
  return { verdict: 'ok', sentence: place };
}

const fail = (sentence: string): Omit<Finding, 'subject'> => ({ verdict: 'fail', sentence });
const warn = (sentence: string): Omit<Finding, 'subject'> => ({ verdict: 'warn', sentence });
