import type { ObjectInfo, ObjectStore } from './object-store.ts';

/** Walks all pages below a prefix. */
export async function* listPages(
  store: Pick<ObjectStore, 'list'>,
  prefix: string,
): AsyncGenerator<ObjectInfo> {
  let startAfter: string | undefined;
  for (;;) {
    const page = await store.list(prefix, startAfter === undefined ? {} : { startAfter });
    yield* page.objects;
    const last = page.objects.at(-1);
    if (!page.truncated || last === undefined) return;
    startAfter = last.key;
  }
}

/** Walks the prefixes one level below `prefix`, each ending in a slash. */
export async function* listPrefixes(
  store: Pick<ObjectStore, 'list'>,
  prefix: string,
): AsyncGenerator<string> {
  let startAfter: string | undefined;
  for (;;) {
    const page = await store.list(prefix, {
      delimiter: '/',
      ...(startAfter === undefined ? {} : { startAfter }),
    });
    yield* page.prefixes;
    const last = [page.objects.at(-1)?.key, page.prefixes.at(-1)]
      .filter((name) => name !== undefined)
      .sort()
      .at(-1);
    if (!page.truncated || last === undefined) return;
    startAfter = last;
  }
}
