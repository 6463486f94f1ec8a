import { openAsBlob } from 'node:fs';
import { access } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import type { CallsClient } from '@earshot/client';
import { ASSET_ID, type AssetView } from '@earshot/protocol';
import { connectCalls, type ServerOptions, type Setting } from '../setting.ts';
import { chosenCall, type LineOptions } from './chosen-call.ts';

/** Plays an asset to the peer, or a file, which becomes one; prints asset and play. */
export async function playIntoCall(
  setting: Setting,
  { id, audio }: { readonly id: string; readonly audio: string },
  options: LineOptions,
): Promise<void> {
  const { client, name } = await chosenCall(setting, id, options);
  const assetId = ASSET_ID.test(audio) ? audio : (await uploadFile(client, audio)).id;
  const { playId } = await client.play(name, assetId);
  setting.stdout.write(`${assetId}  ${playId}\n`);
}

/** Prints the assets, oldest first, one a line; deletes one instead when told so. */
export async function listAssets(
  setting: Setting,
  options: ServerOptions & { readonly delete?: string },
): Promise<void> {
  const client = await connectCalls(setting, options);
  if (options.delete !== undefined) {
    await client.deleteAsset(options.delete);
    setting.stdout.write(`${options.delete} is deleted\n`);
    return;
  }
  for (const { id, durationMs, sizeBytes, filename } of await client.listAssets()) {
    const seconds = durationMs === null ? '-' : `${(durationMs / 1000).toFixed(1)} s`;
    setting.stdout.write(`${id}  ${seconds}  ${sizeBytes} bytes  ${filename}\n`);
  }
}

const OTHER_TYPES: Readonly<Record<string, string>> = { mp3: 'mpeg', m4a: 'mp4', oga: 'ogg', opus: 'ogg' };

/** The server judges the file by its bytes; the type only has to say that it is audio. */
async function uploadFile(client: CallsClient, path: string): Promise<AssetView> {
  await access(path).catch(() => {
    throw new Error(`${path} is neither an asset nor a file that can be read.`);
  });
  const blob = await openAsBlob(path);
  const extension = extname(path).slice(1).toLowerCase();
  const type = OTHER_TYPES[extension] ?? (/^[a-z0-9]+$/.test(extension) ? extension : 'wav');
  return client.uploadAsset(blob, { filename: basename(path), contentType: `audio/${type}` });
}
