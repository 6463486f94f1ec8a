import { hasCode, readWhole } from '../../disk/whole.ts';
import type { DiskFile, JournalDisk } from '../../disk.ts';
import { JournalVersionRefused } from '../../errors.ts';
import { type FileHeader, FORMAT_VERSION, HEADER_AREA_BYTES, readHeader } from '../../format/file-header.ts';
import { sequenceOfName } from '../../format/file-name.ts';

const STEP_BYTES = 1_048_576;
const PAGE_BYTES = 4096;

/** A journal file as recovery finds it. */
export interface FoundFile {
  readonly name: string;
  readonly sequence: number;
  readonly bytes: number;
  readonly handle: DiskFile;
  /** Undefined when neither copy can be read, or when it belongs to another file. */
  header: FileHeader | undefined;
}

/** Opens all journal files of a folder, oldest first, and reads their headers. */
export async function findFiles(disk: JournalDisk): Promise<FoundFile[]> {
  const found: FoundFile[] = [];
  try {
    for (const { name, bytes } of await disk.list()) {
      const sequence = sequenceOfName(name);
      if (sequence === undefined) continue;
      const handle = await disk.open(name);
      const file: FoundFile = { name, sequence, bytes, handle, header: undefined };
      found.push(file);
      file.header = headerOf(file, await readAll(handle, Math.min(bytes, HEADER_AREA_BYTES)));
    }
  } catch (error) {
    await closeAll(found);
    throw error;
  }
  return found.sort((a, b) => a.sequence - b.sequence);
}

export async function closeAll(files: readonly { readonly handle: DiskFile }[]): Promise<void> {
  await Promise.all(files.map(({ handle }) => handle.close().catch(() => undefined)));
}

/**
 * The first bytes of a file; pages that the disk cannot read come as zeros, which no check takes for good, so that
 * one bad sector does not hide the rest.
 */
export async function readAll(handle: DiskFile, bytes: number): Promise<Buffer> {
  const out = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; at += STEP_BYTES) {
    const step = out.subarray(at, Math.min(at + STEP_BYTES, bytes));
    if (await isReadable(handle, step, at)) continue;
    for (let page = 0; page < step.length; page += PAGE_BYTES) {
      const part = step.subarray(page, Math.min(page + PAGE_BYTES, step.length));
      if (!(await isReadable(handle, part, at + page))) part.fill(0);
    }
  }
  return out;
}

async function isReadable(handle: DiskFile, into: Buffer, at: number): Promise<boolean> {
  try {
    await readWhole(handle, into, at);
    return true;
  } catch (error) {
    if (hasCode(error, 'EIO')) return false;
    throw error;
  }
}

/** A copy of another file under this name is refused: its records have a place already. */
function headerOf(file: FoundFile, area: Buffer): FileHeader | undefined {
  const header = readHeader(area);
  if (header !== undefined && 'version' in header) {
    throw new JournalVersionRefused(file.name, { found: header.version, known: FORMAT_VERSION });
  }
  return header?.sequence === file.sequence ? header : undefined;
}
