import { connect } from 'node:net';

/** What a Redis server did so far. */
export interface RedisWork {
  readonly commands: number;
  /** Reads from its sockets: commands that came together count once, so this is the number of round trips. */
  readonly reads: number;
  /** Processor time of the server, ms. */
  readonly cpuMs: number;
}

/** Asks the server itself, with one command and one read of its own. */
export async function readRedisWork(url: string): Promise<RedisWork> {
  const { hostname, port } = new URL(url);
  const text = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let answer = '';
    socket.setEncoding('latin1');
    socket.on('data', (part: string) => {
      answer += part;
      if (isWhole(answer)) socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
    socket.write('INFO all\r\n');
  });
  const value = (name: string): number =>
    Number(new RegExp(`\n${name}:([\\d.]+)`).exec(text)?.[1] ?? Number.NaN);
  return {
    commands: value('total_commands_processed'),
    reads: value('total_reads_processed'),
    cpuMs: 1000 * (value('used_cpu_user') + value('used_cpu_sys')),
  };
}

/** A bulk string of the Redis protocol: its length, its bytes, a line end. */
function isWhole(answer: string): boolean {
  const head = /^\$(\d+)\r\n/.exec(answer);
  return head !== null && answer.length >= head[0].length + Number(head[1]) + 2;
}
