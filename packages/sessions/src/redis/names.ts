import type { SessionRef } from '@earshot/protocol';

/** Every Redis key of the index. The braces keep one session's keys on one shard of a cluster. */
const of = (ref: SessionRef): string => `earshot:{${ref.tenant}/${ref.sessionId}}`;

export const names = {
  row: (ref: SessionRef): string => `${of(ref)}:row`,
  uploads: (ref: SessionRef): string => `${of(ref)}:uploads`,
  segments: (ref: SessionRef): string => `${of(ref)}:segments`,
  statuses: (ref: SessionRef): string => `${of(ref)}:statuses`,
  live: (ref: SessionRef): string => `${of(ref)}:live`,
  changes: (ref: SessionRef): string => `${of(ref)}:changes`,
  tenant: (tenant: string): string => `earshot:tenant:${tenant}:sessions`,
  expiry: 'earshot:expiry',
  complete: 'earshot:index-complete',
  node: (node: string): string => `earshot:node:${node}`,
} as const;

/** Member of a tenant's list: sorts by creation time, then id. */
export function listMember(createdAt: string, sessionId: string): string {
  return `${String(Date.parse(createdAt)).padStart(15, '0')}:${sessionId}`;
}

/** `tenant/sessionId`, as the expiry list holds it. */
export function refMember(ref: SessionRef): string {
  return `${ref.tenant}/${ref.sessionId}`;
}

/** The inverse of `refMember`. */
export function parseRefMember(member: string): SessionRef {
  const slash = member.indexOf('/');
  return { tenant: member.slice(0, slash), sessionId: member.slice(slash + 1) };
}
