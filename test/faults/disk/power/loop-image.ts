import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { access, constants, mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const PREFIX = 'earshot-power-';
const IMAGE_BYTES = 24 * 1_048_576;
/** Nothing but a sync may write: no inode tables in the background, no commit by a timer. */
const MOUNT_OPTIONS = 'loop,noatime,noinit_itable,commit=600';

/** A folder with images of file systems; nothing of it is left behind, however the process ends. */
export class PowerLab {
  readonly folder: string;
  readonly #cleanUp = (): void => removeLab(this.folder);
  readonly #interrupted = (): void => {
    this.#cleanUp();
    process.exit(130);
  };

  private constructor(folder: string) {
    this.folder = folder;
    process.once('exit', this.#cleanUp);
    process.once('SIGINT', this.#interrupted);
    process.once('SIGTERM', this.#interrupted);
  }

  /** The lab, or why this machine cannot have one. */
  static async open(): Promise<PowerLab | string> {
    if (process.platform !== 'linux') return 'loop images need Linux';
    if (process.getuid?.() !== 0) return 'mounting a loop image needs root';
    const base = await access('/dev/shm', constants.W_OK).then(
      () => '/dev/shm',
      () => tmpdir(),
    );
    removeLeftovers(base);
    const lab = new PowerLab(await mkdtemp(join(base, `${PREFIX}${process.pid}-`)));
    try {
      const probe = await lab.image('probe');
      await probe.mount();
      await probe.remove();
      return lab;
    } catch (error) {
      await lab.close();
      return `a loop image cannot be mounted here: ${String(error).split('\n')[0] ?? ''}`;
    }
  }

  /** A new, empty ext4. */
  async image(name: string): Promise<LoopImage> {
    const file = join(this.folder, `${name}.img`);
    await writeFile(file, '');
    await truncate(file, IMAGE_BYTES);
    await run('mkfs.ext4', ['-q', '-F', '-b', '4096', '-E', 'lazy_itable_init=0,lazy_journal_init=0', file]);
    return new LoopImage(file, join(this.folder, name));
  }

  async close(): Promise<void> {
    process.off('exit', this.#cleanUp);
    process.off('SIGINT', this.#interrupted);
    process.off('SIGTERM', this.#interrupted);
    this.#cleanUp();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A file system in a file. */
export class LoopImage {
  /** Where it is mounted. */
  readonly folder: string;
  readonly #file: string;
  #mounted = false;

  constructor(file: string, folder: string) {
    this.#file = file;
    this.folder = folder;
  }

  async mount(): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    await run('mount', ['-o', MOUNT_OPTIONS, this.#file, this.folder]);
    this.#mounted = true;
  }

  /** What a power cut in this moment would leave: only what has reached the device. */
  async cut(name: string): Promise<LoopImage> {
    const file = `${this.#file}-${name}`;
    await run('cp', ['--sparse=always', '--reflink=auto', this.#file, file]);
    return new LoopImage(file, `${this.folder}-${name}`);
  }

  async remove(): Promise<void> {
    if (this.#mounted) await run('umount', [this.folder]);
    this.#mounted = false;
    await rm(this.#file, { force: true });
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Unmounts and deletes what a lab has made; only waits for commands, so that it works while a process ends. */
function removeLab(folder: string): void {
  for (const line of readFileSync('/proc/mounts', 'utf8').split('\n')) {
    const mounted = line.split(' ')[1];
    if (mounted?.startsWith(`${folder}/`)) execFileSync('umount', ['-l', mounted]);
  }
  rmSync(folder, { recursive: true, force: true });
}

/** Labs of processes that are gone. */
function removeLeftovers(base: string): void {
  mkdirSync(base, { recursive: true });
  for (const name of readdirSync(base)) {
    const pid = name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length).split('-')[0]) : 0;
    if (pid > 0 && !isAlive(pid)) removeLab(join(base, name));
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
