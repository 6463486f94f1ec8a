import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CallsConfig, readCallsConfig } from '@earshot/calls-service';
import { IngestConfig, readIngestConfig } from '@earshot/ingest';
import { readWorkerConfig, WorkerConfig } from '@earshot/worker';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';
import { composeVariables, parseCompose } from './deployment/compose-file.ts';
import { copiesOf, environmentOf, parseDockerfile, textsOf } from './deployment/dockerfile.ts';

const ROOT = new URL('../../', import.meta.url);
const path = (name: string): string => fileURLToPath(new URL(name, ROOT));
const read = (name: string): string => readFileSync(path(name), 'utf8');

const Package = z.object({
  name: z.string(),
  files: z.array(z.string()),
  scripts: z.object({ build: z.string() }),
});
const RootPackage = z.object({
  devEngines: z.object({ packageManager: z.object({ version: z.string() }) }),
});
const BuildSettings = z.object({
  compilerOptions: z.object({ rootDir: z.literal('src'), outDir: z.literal('dist') }),
});

const SECRETS = {
  EARSHOT_BOOTSTRAP_KEY: 'sk_live_chosen_by_the_operator',
  EARSHOT_TOKEN_SECRET: 'a secret of more than thirty-two characters',
  MINIO_ROOT_PASSWORD: 'minio-password',
};
const composeText = read('docker-compose.yml');
const { services, volumes } = parseCompose(composeText, SECRETS);
const images = ['ingest', 'calls', 'worker'].map((service) => {
  const stages = parseDockerfile(read(`infra/docker/${service}.Dockerfile`));
  const [build, final] = stages;
  if (build === undefined || final === undefined) throw new Error(`${service} needs two stages`);
  return { service, stages, build, final };
});

/** A tag that names one version; digests are fine too. */
const isPinned = (image: string): boolean => /:[\w.-]*\d[\w.-]*$/.test(image) && !image.endsWith(':latest');

describe('docker-compose.yml', () => {
  it('refuses to start without the secrets', () => {
    for (const name of Object.keys(SECRETS)) {
      expect(() => parseCompose(composeText, { ...SECRETS, [name]: '' })).toThrow(`set ${name} in .env`);
    }
  });

  it('names every secret, and nothing unknown, in .env.example', () => {
    const example = [...read('.env.example').matchAll(/^(#?)([A-Z_]+)=/gm)];
    const variables = composeVariables(composeText);
    const open = example.filter(([, comment]) => comment === '').map(([, , name]) => name);
    const required = variables.filter((variable) => variable.required).map(({ name }) => name);
    expect(open.sort()).toEqual([...new Set(required)].sort());
    const known = variables.map(({ name }) => name);
    for (const [, , name] of example) expect(known).toContain(name);
  });

  it('pins every image to a version', () => {
    const pulled = Object.values(services).flatMap(({ image }) => image ?? []);
    expect(pulled).toHaveLength(3);
    for (const image of pulled) expect([image, isPinned(image)]).toEqual([image, true]);
  });

  it('checks the health of everything that stays up', () => {
    for (const [name, service] of Object.entries(services)) {
      const image = images.find(({ service: built }) => built === name);
      const checked =
        service.healthcheck !== undefined ||
        (image !== undefined && textsOf(image.final, 'HEALTHCHECK').length === 1);
      expect([name, checked]).toEqual([name, service.restart === 'unless-stopped']);
    }
    expect(services['bucket']?.restart).toBeUndefined();
  });

  it('waits for services that exist, and for their health or their end', () => {
    for (const [name, { depends_on: needs }] of Object.entries(services)) {
      for (const [needed, { condition }] of Object.entries(needs)) {
        const target = services[needed];
        expect([name, needed, target !== undefined]).toEqual([name, needed, true]);
        const staysUp = target?.restart !== undefined;
        expect(condition).toBe(staysUp ? 'service_healthy' : 'service_completed_successfully');
      }
    }
    expect(Object.keys(services['ingest']?.depends_on ?? {})).toEqual(['redis', 'bucket']);
    expect(Object.keys(services['calls']?.depends_on ?? {})).toEqual(['redis', 'bucket']);
    expect(Object.keys(services['worker']?.depends_on ?? {})).toEqual(['redis', 'bucket']);
  });

  it('keeps what Redis and MinIO hold in declared volumes', () => {
    const mounted = Object.values(services).flatMap((service) =>
      service.volumes.map((volume) => volume.split(':')[0] ?? ''),
    );
    expect(mounted.sort()).toEqual(Object.keys(volumes).sort());
    expect(services['redis']?.volumes).toEqual(['redis:/data']);
    expect(services['minio']?.volumes).toEqual(['minio:/data']);
  });

  it('lets Redis append to a file and evict nothing', () => {
    const command = services['redis']?.command?.join(' ') ?? '';
    expect(command).toContain('--appendonly yes');
    expect(command).toContain('--maxmemory-policy noeviction');
  });

  it('opens no port beyond the machine itself', () => {
    const ports = Object.values(services).flatMap((service) => service.ports);
    expect(ports).toEqual(['127.0.0.1:9000:9000', '127.0.0.1:8080:8080', '127.0.0.1:8081:8081']);
  });

  it('gives streams and jobs longer to end than they take', () => {
    for (const name of ['ingest', 'calls', 'worker']) expect(services[name]?.stop_grace_period).toBe('60s');
    expect(readWorkerConfig({}).EARSHOT_DRAIN_SECONDS).toBeLessThan(40);
  });
});

describe('the settings of images and compose', () => {
  const environment = (name: string): Record<string, string> => ({
    ...images.filter(({ service }) => service === name).map(({ final }) => environmentOf(final))[0],
    ...services[name]?.environment,
  });
  const own = (name: string): string[] =>
    Object.keys(environment(name)).filter((key) => !/^(NODE_ENV|AWS_[A-Z_]+)$/.test(key));

  it('are all known to ingest, and accepted by it', () => {
    for (const name of own('ingest')) expect(Object.keys(IngestConfig.shape)).toContain(name);
    const config = readIngestConfig(environment('ingest'));
    expect(config).toMatchObject({
      EARSHOT_HOST: '0.0.0.0',
      EARSHOT_PORT: 8080,
      REDIS_URL: 'redis://redis:6379',
    });
  });

  it('are all known to the calls service, and accepted by it', () => {
    for (const name of own('calls')) expect(Object.keys(CallsConfig.shape)).toContain(name);
    const config = readCallsConfig(environment('calls'));
    expect(config).toMatchObject({
      EARSHOT_HOST: '0.0.0.0',
      EARSHOT_CALLS_PORT: 8081,
      REDIS_URL: 'redis://redis:6379',
    });
  });

  it('are all known to the worker, and accepted by it', () => {
    for (const name of own('worker')) expect(Object.keys(WorkerConfig.shape)).toContain(name);
    const config = readWorkerConfig(environment('worker'));
    expect(config).toMatchObject({ EARSHOT_METRICS_HOST: '0.0.0.0', EARSHOT_METRICS_PORT: 9090 });
  });

  it('let both services reach the same store with the credentials of MinIO', () => {
    for (const name of ['EARSHOT_OBJECT_STORE', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) {
      expect(environment('ingest')[name]).toBe(environment('worker')[name]);
    }
    expect(environment('worker')['AWS_SECRET_ACCESS_KEY']).toBe(SECRETS.MINIO_ROOT_PASSWORD);
    expect(services['minio']?.environment['MINIO_ROOT_PASSWORD']).toBe(SECRETS.MINIO_ROOT_PASSWORD);
    expect(services['bucket']?.environment['MC_HOST_store']).toContain(
      `:${SECRETS.MINIO_ROOT_PASSWORD}@minio:9000`,
    );
  });
});

describe.each(images)('the image of $service', ({ service, stages, build, final }) => {
  const folder = `services/${service}`;

  it('is what compose builds', () => {
    expect(services[service]?.build?.dockerfile).toBe(`infra/docker/${service}.Dockerfile`);
  });

  it('is built in one stage and runs in another, both on a pinned Node', () => {
    expect(stages).toHaveLength(2);
    for (const { base } of stages) expect(base).toMatch(/^node:24-[a-z]+-slim$/);
  });

  it('runs as a user without rights', () => {
    expect(textsOf(final, 'USER')).toEqual(['node']);
    const words = final.instructions.map(({ word }) => word);
    expect(words.indexOf('USER')).toBeGreaterThan(words.lastIndexOf('RUN'));
  });

  it('copies only what is there', () => {
    const [deployed] = copiesOf(final);
    expect(deployed).toMatchObject({ from: build.name, sources: ['/deploy'], target: '.' });
    const sources = copiesOf(build).flatMap((copy) => copy.sources);
    for (const source of sources) expect([source, existsSync(path(source))]).toEqual([source, true]);
    const ignored = read('.dockerignore').split('\n');
    for (const source of sources) expect(ignored).not.toContain(source);
  });

  it('has every package of the workspace when it is built', () => {
    const workspace = z.object({ packages: z.array(z.string()) }).parse(parse(read('pnpm-workspace.yaml')));
    const sources = copiesOf(build).flatMap((copy) => copy.sources);
    for (const member of workspace.packages) expect(sources).toContain(member.split('/')[0]);
    for (const file of [
      'package.json',
      'pnpm-lock.yaml',
      'pnpm-workspace.yaml',
      'turbo.json',
      'tsconfig.base.json',
    ]) {
      expect(sources).toContain(file);
    }
  });

  it('is built with the pnpm of the workspace, from the lockfile, and ships this service', () => {
    const { version } = RootPackage.parse(JSON.parse(read('package.json'))).devEngines.packageManager;
    const { name } = Package.parse(JSON.parse(read(`${folder}/package.json`)));
    const runs = textsOf(build, 'RUN');
    expect(runs).toContain(`npm install --global pnpm@${version}`);
    expect(runs).toContain('pnpm install --frozen-lockfile');
    expect(runs.at(-1)).toMatch(new RegExp(`^pnpm --filter ${name} deploy --prod .*/deploy$`));
  });

  it('starts a file that the build writes', () => {
    expect(textsOf(final, 'CMD')).toEqual(['["node", "dist/main.js"]']);
    const { files, scripts } = Package.parse(JSON.parse(read(`${folder}/package.json`)));
    expect(files).toContain('dist');
    expect(scripts.build).toContain('tsc');
    BuildSettings.parse(JSON.parse(read(`${folder}/tsconfig.json`)));
    expect(existsSync(path(`${folder}/src/main.ts`))).toBe(true);
  });

  it('asks the port that the service listens on whether it is ready', () => {
    const environment = environmentOf(final);
    const port =
      environment['EARSHOT_PORT'] ?? environment['EARSHOT_CALLS_PORT'] ?? environment['EARSHOT_METRICS_PORT'];
    expect(textsOf(final, 'EXPOSE')).toEqual([port]);
    expect(textsOf(final, 'HEALTHCHECK').join()).toContain(`http://127.0.0.1:${port}/readyz`);
  });
});
