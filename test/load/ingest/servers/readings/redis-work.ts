import { connect } from 'node:net';

/** What a Redis server did so far. */
export interface RedisWork {
  readonly commands: number;
  /** Reads from its sockets: commands that came together count once, so this is the number of round trips. */
  readonly reads: number;
}

/** Asks the server itself, with one command and one read of its own. */
export async function readRedisWork(url: string): Promise<RedisWork> {
  const { hostname, port } = new URL(url);
  const text = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let answer = '';
    socket.setEncoding('utf8');
    socket.on('data', (part: string) => {
      answer += part;
      if (/total_writes_processed:\d+\r\n/.test(answer)) socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
    socket.write('INFO stats\r\n');
  });
  const value = (name: string): number => Number(new RegExp(`${name}:(\\d+)`).exec(text)?.[1] ?? Number.NaN);
  return { commands: value('total_commands_processed'), reads: value('total_reads_processed') };
}
