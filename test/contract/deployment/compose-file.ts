import { parse } from 'yaml';
import { z } from 'zod';

const HealthCheck = z.strictObject({
  test: z.array(z.string()).min(2),
  interval: z.string(),
  timeout: z.string(),
  retries: z.int(),
});

const Service = z
  .strictObject({
    image: z.string().optional(),
    build: z.strictObject({ context: z.literal('.'), dockerfile: z.string() }).optional(),
    restart: z.literal('unless-stopped').optional(),
    stop_grace_period: z.string().optional(),
    command: z.array(z.string()).optional(),
    environment: z.record(z.string(), z.string()).default({}),
    volumes: z.array(z.string().regex(/^[a-z-]+:\/[a-z/]+$/)).default([]),
    ports: z.array(z.string()).default([]),
    depends_on: z
      .record(
        z.string(),
        z.strictObject({ condition: z.enum(['service_healthy', 'service_completed_successfully']) }),
      )
      .default({}),
    healthcheck: HealthCheck.optional(),
  })
  .refine(({ image, build }) => (image === undefined) !== (build === undefined), {
    message: 'a service has either an image or a build',
  });

const ComposeFile = z.strictObject({
  'x-earshot': z.record(z.string(), z.unknown()),
  services: z.record(z.string(), Service),
  volumes: z.record(z.string(), z.null()),
});

/** The parts of the Compose specification that this project uses; a key outside of them is refused. */
export type ComposeFile = z.infer<typeof ComposeFile>;

/** Reads a compose file with the values of its `.env` in place. Throws for a required one that is missing. */
export function parseCompose(text: string, values: Readonly<Record<string, string>>): ComposeFile {
  const fill = (_key: unknown, value: unknown): unknown =>
    typeof value === 'string' ? interpolate(value, values) : value;
  return ComposeFile.parse(parse(text, fill, { merge: true }));
}

const VARIABLE = /\$\{([A-Z_]+)(:[-?])([^}]*)\}/g;

/** The variables that a compose file takes from `.env`, and whether it refuses to start without them. */
export function composeVariables(text: string): { readonly name: string; readonly required: boolean }[] {
  return [...text.matchAll(VARIABLE)].map(([, name = '', kind]) => ({ name, required: kind === ':?' }));
}

/** Puts values in place as `docker compose` does: `${NAME:-default}` and `${NAME:?message}`. */
function interpolate(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(VARIABLE, (_whole, name: string, kind: string, rest: string) => {
    const value = values[name] ?? '';
    if (value === '' && kind === ':?') throw new Error(rest);
    return value === '' ? rest : value;
  });
}
