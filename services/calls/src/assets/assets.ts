import { ASSET_ID, type AssetRecord, AssetView, EarshotError, LIMITS } from '@earshot/protocol';
import { type HttpServer, principalOf } from '@earshot/runtime';
import { type CallArchive, callKeys } from '@earshot/storage';
import { z } from 'zod';
import { type AssetUploadDeps, receiveAsset, tooLarge } from './asset-upload.ts';

export interface AssetDeps extends AssetUploadDeps {
  readonly archive: Pick<CallArchive, 'createAsset' | 'readAsset' | 'listAssets' | 'removeAsset'>;
}

const ROUTE = { access: 'tenant', scope: 'any' } as const;
const TAGS = ['call audio assets'];
const URL = '/api/v1/call-audio-assets';
/** What a form may add to its file. */
const FORM_BYTES = 131_072;
const Params = z.object({ assetId: z.string() });
const Answer = z.object({ data: AssetView });

function view(record: AssetRecord): AssetView {
  return {
    id: record.assetId,
    filename: record.filename,
    contentType: record.contentType,
    sizeBytes: record.sizeBytes,
    durationMs: Math.round((record.samples * 1000) / LIMITS.callSampleRate),
    status: 'ready',
  };
}

/** Prepared audio of a tenant, to be played into calls (WADial API). */
export async function registerAssets(server: HttpServer, deps: AssetDeps): Promise<void> {
  registerReading(server, deps);
  server.delete(`${URL}/:assetId`, {
    config: ROUTE,
    schema: {
      tags: TAGS,
      summary: 'Delete an asset; calls that are playing it go on with what they have read',
      params: Params,
      response: { 204: z.null() },
    },
    handler: async (request, reply) => {
      const { tenant, assetId } = await readAsset(deps, principalOf(request).tenant, request.params.assetId);
      await deps.archive.removeAsset(tenant, assetId);
      void reply.code(204);
      return null;
    },
  });
  // The form is read by its handler as it arrives, so this scope parses nothing.
  await server.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('multipart/form-data', (_request, payload, parsed) => parsed(null, payload));
    registerUpload(scope, deps);
    done();
  });
}

function registerUpload(server: HttpServer, deps: AssetDeps): void {
  server.post(URL, {
    config: {
      ...ROUTE,
      limit: 'create',
      rawBody: ['multipart/form-data'],
      bodyDeadline: { idleMs: LIMITS.requestBodyMs },
    },
    schema: {
      tags: TAGS,
      summary: 'Upload audio to be played into calls',
      description: `One file in the field \`audio\`, of a type \`audio/*\`, up to ${LIMITS.maxAssetBytes} bytes and ${LIMITS.maxAssetSeconds} s: WAV, MP3, Ogg, Opus, FLAC, MP4 or WebM.`,
      response: { 201: Answer },
    },
    handler: async (request, reply) => {
      const { tenant } = principalOf(request);
      await refuseTooMany(deps, tenant);
      const { raw, headers } = request;
      if (Number(headers['content-length'] ?? 0) > LIMITS.maxAssetBytes + FORM_BYTES) throw tooLarge();
      const record = await receiveAsset(deps, tenant, { body: raw, headers }).catch((error: unknown) => {
        // The rest of a refused file is not waited for.
        if (!raw.complete) void reply.header('connection', 'close');
        throw error;
      });
      void reply.code(201);
      return { data: view(record) };
    },
  });
}

function registerReading(server: HttpServer, deps: AssetDeps): void {
  server.get(URL, {
    config: ROUTE,
    schema: {
      tags: TAGS,
      summary: 'List assets, oldest first',
      response: { 200: z.object({ data: z.array(AssetView) }) },
    },
    handler: async (request) => {
      const records = await deps.archive.listAssets(principalOf(request).tenant);
      return { data: records.toSorted((a, b) => a.createdAt.localeCompare(b.createdAt)).map(view) };
    },
  });
  server.get(`${URL}/:assetId`, {
    config: ROUTE,
    schema: { tags: TAGS, summary: 'Get an asset', params: Params, response: { 200: Answer } },
    handler: async (request) => ({
      data: view(await readAsset(deps, principalOf(request).tenant, request.params.assetId)),
    }),
  });
}

/** An asset of the tenant. Throws `asset_not_found` for unknown, foreign and impossible ids alike. */
export async function readAsset(
  { archive }: { readonly archive: Pick<CallArchive, 'readAsset'> },
  tenant: string,
  assetId: string,
): Promise<AssetRecord> {
  const record = ASSET_ID.test(assetId) ? await archive.readAsset(tenant, assetId) : null;
  if (record === null) throw new EarshotError('asset_not_found');
  return record;
}

async function refuseTooMany({ store }: AssetDeps, tenant: string): Promise<void> {
  let count = 0;
  for await (const { key } of store.listAll(callKeys.assets(tenant))) {
    if (key.endsWith('.json')) count += 1;
  }
  if (count < LIMITS.maxAssetsPerTenant) return;
  throw new EarshotError('invalid_request', {
    message: `A tenant has at most ${LIMITS.maxAssetsPerTenant} assets.`,
  });
}
