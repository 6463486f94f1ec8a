import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { SessionIndex, Sessions } from '@earshot/sessions';
import type { StreamEdge } from '../stream/edge.ts';
import { readHandshake } from '../stream/socket/handshake.ts';
import type { Family } from './family.ts';
import type { PassedUpgrade } from './messages.ts';

export interface UpgradeRouterDeps {
  readonly family: Family;
  readonly sessions: Pick<Sessions, 'findStream'>;
  readonly index: Pick<SessionIndex, 'liveStream'>;
  readonly edge: Pick<StreamEdge, 'handleUpgrade'>;
}

type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/**
 * Listener for an HTTP server's `upgrade` event. A client that connects again goes to the process that has its session:
 * its segments then go on as if nothing had happened, which a take-over by another process would cut short.
 */
export function routeUpgrades({ family, sessions, index, edge }: UpgradeRouterDeps): UpgradeListener {
  if (family.size === 1) return (request, socket, head) => edge.handleUpgrade(request, socket, head);
  family.onPassed((upgrade, socket) => {
    edge.handleUpgrade(requestOf(upgrade, socket), socket, Buffer.from(upgrade.head, 'base64'));
  });

  /** The sibling that has the session; undefined also when that cannot be told: a take-over puts it right. */
  async function owner(request: IncomingMessage): Promise<string | undefined> {
    try {
      const { streamId } = readHandshake(request, undefined);
      const lease = await index.liveStream(await sessions.findStream(streamId));
      return lease !== null && family.isSibling(lease.node) ? lease.node : undefined;
    } catch {
      return undefined;
    }
  }

  return (request, socket, head) => {
    // The connection may break while its owner is looked up.
    socket.on('error', () => undefined);
    void owner(request).then((node) => {
      if (node === undefined || !(socket instanceof Socket)) edge.handleUpgrade(request, socket, head);
      else if (!socket.destroyed) family.pass(node, passed(request, head), socket);
    });
  };
}

function passed({ method = '', url = '', headers }: IncomingMessage, head: Buffer): PassedUpgrade {
  const known: PassedUpgrade['headers'] = {};
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) known[name] = value;
  return { method, url, headers: known, head: head.toString('base64') };
}

function requestOf({ method, url, headers }: PassedUpgrade, socket: Socket): IncomingMessage {
  const request = new IncomingMessage(socket);
  request.method = method;
  request.url = url;
  request.httpVersion = '1.1';
  Object.assign(request.headers, headers);
  return request;
}
