/** The answer to ListObjectsV2 over keys and sizes; a token is the last key or prefix of the page before. */
export function listingXml(objects: ReadonlyMap<string, number>, query: URLSearchParams): string {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const behind = query.get('continuation-token') ?? query.get('start-after') ?? '';
  const limit = Number(query.get('max-keys') ?? 1000);
  const entries = new Map<string, number | undefined>();
  for (const key of [...objects.keys()].sort()) {
    if (!key.startsWith(prefix)) continue;
    const fold = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const name = fold < 0 ? key : key.slice(0, fold + delimiter.length);
    if (name > behind) entries.set(name, fold < 0 ? objects.get(key) : undefined);
  }
  const page = [...entries].slice(0, limit);
  const truncated = entries.size > page.length;
  const last = page.at(-1)?.[0] ?? '';
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">',
    `<IsTruncated>${truncated}</IsTruncated>`,
    truncated ? `<NextContinuationToken>${escaped(last)}</NextContinuationToken>` : '',
    ...page.map(([name, bytes]) => entryXml(name, bytes)),
    '</ListBucketResult>',
  ].join('');
}

/** A prefix has no size. */
function entryXml(name: string, bytes: number | undefined): string {
  if (bytes === undefined) return `<CommonPrefixes><Prefix>${escaped(name)}</Prefix></CommonPrefixes>`;
  return `<Contents><Key>${escaped(name)}</Key><Size>${bytes}</Size><LastModified>${new Date().toISOString()}</LastModified></Contents>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
