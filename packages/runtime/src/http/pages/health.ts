import { EarshotError } from '@earshot/protocol';
import { z } from 'zod';
import type { HttpServer } from '../contract/http-server.ts';

const CHECK_TIMEOUT_MS = 2000;

/** Resolves when a part works. What it throws is shown only if it is an EarshotError. */
export type ReadinessCheck = () => Promise<unknown>;

const Readiness = z.object({
  status: z.enum(['ready', 'unavailable']),
  checks: z.record(z.string(), z.object({ ok: z.boolean(), message: z.string() })),
});

type CheckResult = z.infer<typeof Readiness>['checks'][string];

async function runCheck(check: ReadinessCheck): Promise<CheckResult> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<CheckResult>((resolve) => {
    timer = setTimeout(() => resolve({ ok: false, message: 'no answer in time' }), CHECK_TIMEOUT_MS);
  });
  const result = async (): Promise<CheckResult> => {
    await check();
    return { ok: true, message: 'ok' };
  };
  try {
    return await Promise.race([result(), late]);
  } catch (error) {
    return { ok: false, message: error instanceof EarshotError ? error.message : 'failed' };
  } finally {
    clearTimeout(timer);
  }
}

/** `/healthz`: this process answers. `/readyz`: every named check passes, each within 2 s, and the server is not closing. */
export function registerHealth(
  app: HttpServer,
  checks: Readonly<Record<string, ReadinessCheck>>,
  isClosing: () => boolean,
): void {
  const page = { config: { access: 'public', anyVersion: true }, logLevel: 'warn' } as const;
  app.get(
    '/healthz',
    {
      ...page,
      schema: {
        summary: 'Is the process alive?',
        tags: ['operation'],
        response: { 200: z.object({ status: z.literal('ok') }) },
      },
    },
    (_request, reply) => void reply.send({ status: 'ok' }),
  );
  app.get(
    '/readyz',
    {
      ...page,
      schema: {
        summary: 'Can the process serve?',
        tags: ['operation'],
        response: { 200: Readiness, 503: Readiness },
      },
    },
    async (_request, reply) => {
      const results = await Promise.all(
        Object.entries(checks).map(async ([name, check]) => [name, await runCheck(check)] as const),
      );
      const ready = !isClosing() && results.every(([, result]) => result.ok);
      void reply.code(ready ? 200 : 503);
      return {
        status: ready ? ('ready' as const) : ('unavailable' as const),
        checks: Object.fromEntries(results),
      };
    },
  );
}
