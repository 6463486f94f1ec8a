import { EarshotError } from '@earshot/protocol';

/** An index with every failure of Redis turned into `service_unavailable`, which callers may try again. */
export function failFast<T extends object>(index: T): T {
  return new Proxy(index, {
    get(target, name, receiver) {
      const member: unknown = Reflect.get(target, name, receiver);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => {
        const result: unknown = Reflect.apply(member, target, args);
        return result instanceof Promise ? result.catch(refuse) : result;
      };
    },
  });
}

function refuse(cause: unknown): never {
  if (cause instanceof EarshotError) throw cause;
  throw new EarshotError('service_unavailable', { details: { retry_after_seconds: 2 }, cause });
}
