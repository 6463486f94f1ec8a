import { LINE_ID } from '@earshot/protocol';

const ROOT = '/carriers/media-streams/';
const PATH = /^\/carriers\/media-streams\/([^/?]{1,64})(?:\/([^/?]{1,200}))?\/?(?:\?|$)/;

/** Where a platform's socket wants to go. */
export interface StreamRoute {
  readonly lineId: string;
  readonly pathSecret: string | null;
}

/** Null when the path is none of ours, `unknown` when it is and leads nowhere. */
export function readStreamRoute(url: string | undefined): StreamRoute | 'unknown' | null {
  if (url?.startsWith(ROOT) !== true) return null;
  const [, lineId, pathSecret] = PATH.exec(url) ?? [];
  if (lineId === undefined || !LINE_ID.test(lineId)) return 'unknown';
  return { lineId, pathSecret: pathSecret ?? null };
}
