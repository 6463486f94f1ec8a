import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ListOptions, ObjectInfo, ObjectPage } from '../port/object-store.ts';
import { isMissing } from './folder-failure.ts';

const DEFAULT_LIMIT = 1000;

interface Walk {
  readonly root: string;
  readonly prefix: string;
  readonly startAfter: string;
  readonly grouped: boolean;
}

/** One page of objects and prefixes in key order. */
export async function listFolder(root: string, prefix: string, options: ListOptions): Promise<ObjectPage> {
  const { startAfter = '', limit = DEFAULT_LIMIT, delimiter } = options;
  const page: ObjectPage = { objects: [], prefixes: [], truncated: false };
  const walk = { root, prefix, startAfter, grouped: delimiter !== undefined };
  const start = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  for await (const entry of walkFolder(walk, start)) {
    if (page.objects.length + page.prefixes.length >= limit) return { ...page, truncated: true };
    if (typeof entry === 'string') page.prefixes.push(entry);
    else page.objects.push(entry);
  }
  return page;
}

/** Objects, and in a grouped walk prefixes, of one folder (a key that ends in a slash, or nothing) and below. */
async function* walkFolder(walk: Walk, folder: string): AsyncGenerator<ObjectInfo | string> {
  for (const name of await namesIn(join(walk.root, folder))) {
    const key = folder + name;
    if (!name.endsWith('/')) {
      const info = key.startsWith(walk.prefix) && key > walk.startAfter ? await infoOf(walk.root, key) : null;
      if (info !== null) yield info;
      continue;
    }
    if (!mayHold(walk, key)) continue;
    if (!walk.grouped || key.length <= walk.prefix.length) yield* walkFolder(walk, key);
    else if (key !== walk.startAfter && (await holdsObject(walk, key))) yield key;
  }
}

/** Whether a folder can hold keys with the prefix and behind the start. */
function mayHold(walk: Walk, folder: string): boolean {
  const { prefix, startAfter } = walk;
  if (!folder.startsWith(prefix) && !prefix.startsWith(folder)) return false;
  return folder >= startAfter || startAfter.startsWith(folder);
}

/** An empty folder is a race of writing and pruning, not a prefix. */
async function holdsObject(walk: Walk, folder: string): Promise<boolean> {
  const first = await walkFolder({ ...walk, grouped: false }, folder).next();
  return first.done !== true;
}

/** Names in the order of keys: a folder counts with its slash, so that `a-b` comes before `a/`. */
async function namesIn(path: string): Promise<string[]> {
  let entries: Dirent[];
  try {
    entries = await readdir(path, { withFileTypes: true });
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
  return entries
    .filter((entry) => !entry.name.startsWith('.') && (entry.isFile() || entry.isDirectory()))
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
    .sort();
}

/** What is known of an object; null when there is none. */
export async function infoOf(root: string, key: string): Promise<ObjectInfo | null> {
  try {
    const info = await lstat(join(root, key));
    return info.isFile() ? { key, bytes: info.size, modifiedAt: info.mtime } : null;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
