import type { SessionDocument } from '@earshot/protocol';
import type { LinkSigner, Metrics, TokenService } from '@earshot/runtime';
import type { Sessions } from '@earshot/sessions';
import type { ObjectStore, SessionArchive } from '@earshot/storage';
import type { Capacity } from '../stream/capacity/capacity.ts';
import type { StreamEdge } from '../stream/edge.ts';
import type { UploadContext } from '../uploads/receive.ts';
import type { DiscoveryFacts } from './views/discovery-view.ts';

/** What the routes call. They parse, call and shape; nothing else. */
export interface RouteDeps {
  readonly sessions: Sessions;
  readonly archive: SessionArchive;
  readonly store: ObjectStore;
  readonly uploads: UploadContext;
  readonly tokens: TokenService;
  readonly links: LinkSigner;
  readonly streams: Pick<StreamEdge, 'feedBody' | 'append' | 'uploadState'>;
  /** Of all processes of the service. */
  readonly capacity: () => Promise<Capacity>;
  /** Refuses webhook URLs that must not be called. */
  readonly checkUrl: (url: string) => Promise<unknown>;
  readonly newId: (prefix: 'whk') => string;
  readonly now: () => Date;
  readonly publicOrigin: string | undefined;
  readonly metrics: Pick<Metrics, 'add'>;
  readonly discovery: Omit<DiscoveryFacts, 'origin'>;
}

/** Where a session's audio goes: a socket with the stream's capability, or the upload path. */
export function uploadUrl(document: SessionDocument, origin: string): string {
  if (document.streamId === null) return `${origin}/voice/v1/sessions/${document.sessionId}/audio`;
  return `${origin.replace(/^http/, 'ws')}/voice/v1/stream/sessions/${document.streamId}/audio`;
}
