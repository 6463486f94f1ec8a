import { EarshotError, LIMITS } from '@earshot/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { BodyDeadline } from '../contract/route-config.ts';

function hasBody(request: FastifyRequest): boolean {
  const length = request.headers['content-length'];
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

/** Answers 408 if nothing was answered yet, and drops the connection, as the rest of the body may never come. */
function giveUp(request: FastifyRequest, reply: FastifyReply): void {
  if (reply.sent) {
    request.raw.destroy();
    return;
  }
  reply.raw.once('finish', () => request.raw.destroy());
  void reply.header('connection', 'close').send(new EarshotError('request_timeout'));
}

/** Ticks every `idleMs`; a tick without a new byte is too much, unless bytes wait here for our own handler. */
function watchIdle(request: FastifyRequest, idleMs: number, expire: () => void): NodeJS.Timeout {
  let seen = request.raw.socket.bytesRead;
  return setInterval(() => {
    const { bytesRead } = request.raw.socket;
    if (bytesRead === seen && request.raw.readableLength === 0) expire();
    seen = bytesRead;
  }, idleMs);
}

/** Creates the hook that ends requests whose body comes too slowly; `totalMs` holds for routes that say nothing. */
export function createBodyDeadline(totalMs: number = LIMITS.requestBodyMs) {
  return (request: FastifyRequest, reply: FastifyReply): void => {
    const deadline: BodyDeadline = request.routeOptions.config.bodyDeadline ?? { totalMs };
    if (deadline === false || !hasBody(request)) return;
    const { raw } = request;
    const { socket } = raw;
    const expire = (): void => {
      stop();
      giveUp(request, reply);
    };
    const timer =
      'totalMs' in deadline
        ? setTimeout(expire, deadline.totalMs)
        : watchIdle(request, deadline.idleMs, expire);
    timer.unref();
    // A request that was answered before its body came is only known to be over by its socket.
    const stop = (): void => {
      clearTimeout(timer);
      socket.off('close', stop);
    };
    raw.once('end', stop).once('close', stop);
    socket.once('close', stop);
  };
}
