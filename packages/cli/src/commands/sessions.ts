import type { TranscriptFormat } from '@earshot/client';
import { connect, type ServerOptions, type Setting } from './setting.ts';

/** Prints sessions, newest first, one a line: id, status, kind, time of creation. */
export async function listSessions(
  setting: Setting,
  options: ServerOptions & { limit: number; cursor?: string },
): Promise<void> {
  const client = await connect(setting, options);
  const { limit, cursor } = options;
  const page = await client.listSessions(cursor === undefined ? { limit } : { limit, cursor });
  for (const session of page.sessions) {
    const { session_id, status, upload_type, created_at } = session;
    setting.stdout.write(`${session_id}  ${status.padEnd(10)}  ${upload_type.padEnd(7)}  ${created_at}\n`);
  }
  if (page.next_cursor !== null) setting.stderr.write(`more: --cursor ${page.next_cursor}\n`);
}

/** Prints one session as the server shows it, or its transcript in the asked format. */
export async function getSession(
  setting: Setting,
  sessionId: string,
  options: ServerOptions & { format?: TranscriptFormat },
): Promise<void> {
  const client = await connect(setting, options);
  if (options.format !== undefined) {
    const text = await client.transcript(sessionId, options.format);
    setting.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
    return;
  }
  const { session } = await client.getSession(sessionId);
  setting.stdout.write(`${JSON.stringify(session, null, 2)}\n`);
}

/** Erases sessions and all that belongs to them. */
export async function deleteSessions(
  setting: Setting,
  sessionIds: readonly string[],
  options: ServerOptions,
): Promise<void> {
  const client = await connect(setting, options);
  for (const sessionId of sessionIds) {
    await client.deleteSession(sessionId);
    setting.stdout.write(`${sessionId} is erased\n`);
  }
}
