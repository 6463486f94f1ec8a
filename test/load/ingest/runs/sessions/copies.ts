import { createHash, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { idFrom } from '@earshot/protocol';
import { connectRedis, createLog } from '@earshot/runtime';
import { keys } from '@earshot/storage';
import type { EarshotNode } from '../../servers/earshot-node.ts';

/** Everything that is stored and indexed of one session, with its two ids in it. */
interface Template {
  readonly sessionId: string;
  readonly streamId: string;
  /** Texts in Redis by key, and members of sorted lists. */
  readonly texts: readonly (readonly [key: string, text: string])[];
  readonly members: readonly (readonly [key: string, score: string, member: string])[];
  readonly document: string;
  readonly pointer: string;
}

type Redis = ReturnType<typeof connectRedis>;

const AT_ONCE = 200;

/**
 * Fills a service whose objects are in a folder with sessions that differ from one that its API created in nothing but
 * their ids. What is measured afterwards goes through the API; only the filling does not, and syncs no file.
 */
export async function fillWithCopies(node: EarshotNode, sessions: number): Promise<void> {
  const log = createLog({ service: 'bench', level: 'silent' });
  const redis = connectRedis(node.earshot.redis.url, { role: 'producer', log });
  try {
    const template = await readTemplate(node, redis);
    for (let made = 0; made < sessions; made += AT_ONCE) {
      const some = Array.from({ length: Math.min(AT_ONCE, sessions - made) }, () => copyOf(template));
      const pipeline = redis.pipeline();
      for (const { texts, members } of some) {
        for (const [key, text] of texts) pipeline.set(key, text);
        for (const [key, score, member] of members) pipeline.zadd(key, score, member);
      }
      await Promise.all([pipeline.exec(), ...some.map((copy) => store(node, copy))]);
    }
  } finally {
    redis.disconnect();
  }
}

async function readTemplate(node: EarshotNode, redis: Redis): Promise<Template> {
  const { sessionId, uploadUrl } = await node.api.create(() => Number.POSITIVE_INFINITY);
  const streamId = /str_[0-9A-Za-z]+/.exec(uploadUrl)?.[0] ?? '';
  const texts: [string, string][] = [];
  const members: [string, string, string][] = [];
  for (const key of await redis.keys('*')) {
    const type = await redis.type(key);
    if (type === 'string' && key.includes(sessionId)) texts.push([key, (await redis.get(key)) ?? '']);
    if (type !== 'zset') continue;
    const listed = await redis.zrange(key, '0', '-1', 'WITHSCORES');
    for (let at = 0; at < listed.length; at += 2) {
      const [member = '', score = ''] = listed.slice(at, at + 2);
      if (member.includes(sessionId)) members.push([key, score, member]);
    }
  }
  if (texts.length === 0 || members.length === 0) throw new Error('a new session is not in the index');
  const read = async (key: string): Promise<string> =>
    Buffer.from(await node.earshot.store.get(key)).toString('utf8');
  const document = await read(keys.session({ tenant: 'default', sessionId }));
  const pointer = await read(keys.streamPointer(hashOf(streamId)));
  return { sessionId, streamId, texts, members, document, pointer };
}

function copyOf(template: Template): Template {
  const sessionId = idFrom('ses', randomBytes(64));
  const streamId = idFrom('str', randomBytes(64));
  const change = (text: string): string =>
    text.replaceAll(template.sessionId, sessionId).replaceAll(template.streamId, streamId);
  return {
    sessionId,
    streamId,
    texts: template.texts.map(([key, text]) => [change(key), change(text)]),
    members: template.members.map(([key, score, member]) => [key, score, change(member)]),
    document: change(template.document),
    pointer: change(template.pointer),
  };
}

async function store(node: EarshotNode, copy: Template): Promise<void> {
  const { sessionId, streamId, document, pointer } = copy;
  const put = async (key: string, text: string): Promise<void> => {
    const path = join(node.earshot.folder.path, 'objects', key);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  };
  await put(keys.session({ tenant: 'default', sessionId }), document);
  await put(keys.streamPointer(hashOf(streamId)), pointer);
}

/** Streams are found by their hash. */
function hashOf(streamId: string): string {
  return createHash('sha256').update(streamId).digest('hex');
}
