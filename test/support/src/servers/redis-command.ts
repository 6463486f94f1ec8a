import { connect } from 'node:net';

/** One inline command on a connection of its own; resolves to the first line of the answer. */
export function redisCommand(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${text}\r\n`));
    socket.setTimeout(5000, () => socket.destroy(new Error(`redis did not answer ${text}`)));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('redis closed the connection')));
    socket.once('data', (data) => {
      resolve(data.toString('utf8'));
      socket.destroy();
    });
  });
}
